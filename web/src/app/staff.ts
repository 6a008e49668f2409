/** Staff under pseudonyms (`docs/specs/access.md`): what a pseudonym looks like, and how far its unlocking is. Pure. */

import type { Entity, Schemas } from "../api/client";

export type Unlock = Schemas["Unlock"];

/** `u-` and 12 hex digits. */
export function isPseudonym(name: string | null | undefined): boolean {
  return /^u-[0-9a-f]{12}$/.test(name ?? "");
}

/** Whether an entity is a person who is shown by pseudonym here. */
export function isHidden(entity: Pick<Entity, "kind" | "name">): boolean {
  return entity.kind === "user" && isPseudonym(entity.name);
}

/** The unlock of a pseudonym that waits or is in force; the list holds one at most. */
export function unlockOf(all: readonly Unlock[], pseudonym: string): Unlock | undefined {
  return all.find((one) => one.pseudonym === pseudonym && one.state !== "ended");
}

/** Roles in which somebody can agree. */
const AGREEING: readonly string[] = ["analyst", "responder", "privacy_officer", "administrator"];

export interface Asker {
  readonly name: string;
  readonly roles: readonly string[];
}

/** Whether somebody could be the second person. The node decides, which knows in which roles the first one asked. */
export function couldAgree(unlock: Unlock, me: Asker | null | undefined): boolean {
  return unlock.state === "waiting" && me !== null && me !== undefined && me.name !== unlock.asked_by && me.roles.some((role) => AGREEING.includes(role));
}

/** How far it is, in a sentence; `clock` writes a moment. */
export function standingOf(unlock: Unlock, clock: (at: string) => string): string {
  switch (unlock.state) {
    case "waiting":
      return `${unlock.asked_by} asked to unlock this name. A second person of another role has to agree before ${clock(unlock.until)}.`;
    case "in_force":
      return `Unlocked until ${clock(unlock.until)} by ${unlock.asked_by} and ${unlock.agreed_by ?? "a second person"}.`;
    case "ended":
      return `Ended by ${unlock.ended_by ?? "somebody"}.`;
  }
}
