/** How users stand, in words. Pure. */

import type { Schemas } from "../../api/client";
import { roleNames, siteNames } from "./roles";

export type User = Schemas["User"];

export type Standing = "locked" | "invited" | "factor" | "fine";

export const STANDINGS: Readonly<Record<Standing, { readonly name: string; readonly tone: "bad" | "warn" | "accent" | "plain" }>> = {
  locked: { name: "Locked", tone: "bad" },
  invited: { name: "Not come yet", tone: "accent" },
  factor: { name: "No second factor yet", tone: "warn" },
  fine: { name: "Can sign in", tone: "plain" },
};

/** The first of what somebody who looks after users should know. */
export function standingOf(user: User): Standing {
  if (user.is_locked) return "locked";
  if (user.is_from_provider) return "fine";
  if (!user.has_password) return "invited";
  return !user.has_totp && user.roles.includes("administrator") ? "factor" : "fine";
}

/** How a user signs in. */
export function wayOf(user: User): string {
  if (user.is_from_provider) return "Through the provider";
  if (!user.has_password) return "No password yet";
  return user.has_totp ? "Password and code" : "Password";
}

/** Whether what was typed is in name, roles or sites. */
export function isFound(user: User, typed: string): boolean {
  const wanted = typed.trim().toLowerCase();
  return wanted === "" || [user.name, roleNames(user.roles), siteNames(user.sites)].some((text) => text.toLowerCase().includes(wanted));
}

/** Whether two choices are the same, in whatever order. */
export function isSame(one: readonly string[] | null, other: readonly string[] | null): boolean {
  return one === null || other === null ? one === other : one.length === other.length && one.every((text) => other.includes(text));
}

/** Where somebody who was invited goes. The token stands behind `#`: no log on the way sees it. */
export function invitationLink(origin: string, token: string): string {
  return `${origin}/#invite=${token}`;
}
