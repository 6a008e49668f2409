/** The parts of the settings: what the sub-navigation shows and to whom. A part is shown to who may see anything of it. */

import type { Component } from "svelte";
import type Icon from "@lucide/svelte/icons/user";
import Archive from "@lucide/svelte/icons/archive";
import Bell from "@lucide/svelte/icons/bell";
import HardDrive from "@lucide/svelte/icons/hard-drive";
import Info from "@lucide/svelte/icons/info";
import KeyRound from "@lucide/svelte/icons/key-round";
import LockOpen from "@lucide/svelte/icons/lock-open";
import LogIn from "@lucide/svelte/icons/log-in";
import Scale from "@lucide/svelte/icons/scale";
import Sliders from "@lucide/svelte/icons/sliders-horizontal";
import User from "@lucide/svelte/icons/user";
import Users from "@lucide/svelte/icons/users";
import VolumeX from "@lucide/svelte/icons/volume-x";

export interface Part {
  /** Behind `/settings/`. */
  readonly word: string;
  readonly name: string;
  readonly icon: typeof Icon;
  /** Any of these actions of the policies. */
  readonly needs: readonly string[];
  readonly page: () => Promise<{ default: Component }>;
}

export const PARTS: readonly Part[] = [
  { word: "account", name: "Account", icon: User, needs: ["UseOwnAccount"], page: () => import("./Account.svelte") },
  { word: "users", name: "Users", icon: Users, needs: ["ReadUsers"], page: () => import("./Users.svelte") },
  { word: "tokens", name: "Tokens", icon: KeyRound, needs: ["ReadTokens"], page: () => import("./Tokens.svelte") },
  { word: "sign-in", name: "Sign-in", icon: LogIn, needs: ["ReadSettings"], page: () => import("./SignInWays.svelte") },
  { word: "retention", name: "Retention", icon: HardDrive, needs: ["ReadSettings"], page: () => import("./Retention.svelte") },
  { word: "holds", name: "Legal holds", icon: Scale, needs: ["ReadHolds"], page: () => import("./Holds.svelte") },
  { word: "suppressions", name: "Suppressions", icon: VolumeX, needs: ["ReadFindings"], page: () => import("./Suppressions.svelte") },
  { word: "unlocks", name: "Unlocks", icon: LockOpen, needs: ["ReadUnlocks"], page: () => import("./Unlocks.svelte") },
  { word: "notifications", name: "Notifications", icon: Bell, needs: ["ReadNotifications"], page: () => import("./Notifications.svelte") },
  { word: "backup", name: "Backup and proof", icon: Archive, needs: ["RunVerify", "RunBackup"], page: () => import("./Backup.svelte") },
  { word: "node", name: "Node settings", icon: Sliders, needs: ["ReadSettings"], page: () => import("./NodeSettings.svelte") },
  { word: "about", name: "About", icon: Info, needs: ["UseOwnAccount"], page: () => import("./About.svelte") },
];

export function partOf(path: string): Part | undefined {
  const word = path.split("/")[2] ?? "";
  return word ? PARTS.find((part) => part.word === word) : PARTS[0];
}
