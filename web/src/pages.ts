/** The places of the console: what the navigation shows, which keys lead there, what may be seen by whom. A place stands here once it exists. */

import Activity from "@lucide/svelte/icons/activity";
import ListChecks from "@lucide/svelte/icons/list-checks";
import BookCheck from "@lucide/svelte/icons/book-check";
import RadioTower from "@lucide/svelte/icons/radio-tower";
import BrainCircuit from "@lucide/svelte/icons/brain-circuit";
import FolderLock from "@lucide/svelte/icons/folder-lock";
import TextSearch from "@lucide/svelte/icons/text-search";
import ScrollText from "@lucide/svelte/icons/scroll-text";
import SettingsIcon from "@lucide/svelte/icons/settings";
import type { Component } from "svelte";

export interface Place {
  readonly path: string;
  readonly name: string;
  /** Second key after `g`. */
  readonly key: string;
  readonly icon: typeof Activity;
  /** The action of the policies without which the place shows nothing. */
  readonly needs: string;
  readonly page: () => Promise<{ default: Component }>;
}

export const PLACES: readonly Place[] = [
  { path: "/", name: "Situation", key: "s", icon: Activity, needs: "ReadFindings", page: () => import("./pages/Situation.svelte") },
  { path: "/findings", name: "Findings", key: "f", icon: ListChecks, needs: "ReadFindings", page: () => import("./pages/Findings.svelte") },
  { path: "/privacy", name: "Privacy", key: "p", icon: FolderLock, needs: "ReadIncidents", page: () => import("./pages/Privacy.svelte") },
  { path: "/explore", name: "Explore", key: "e", icon: TextSearch, needs: "SearchEvents", page: () => import("./pages/Explore.svelte") },
  { path: "/sources", name: "Sources", key: "o", icon: RadioTower, needs: "ReadSources", page: () => import("./pages/Sources.svelte") },
  { path: "/rules", name: "Rules", key: "r", icon: BookCheck, needs: "ReadRules", page: () => import("./pages/Rules.svelte") },
  { path: "/models", name: "Models", key: "m", icon: BrainCircuit, needs: "ReadRules", page: () => import("./pages/Models.svelte") },
  { path: "/settings", name: "Settings", key: "t", icon: SettingsIcon, needs: "UseOwnAccount", page: () => import("./pages/Settings.svelte") },
  { path: "/audit", name: "Audit", key: "a", icon: ScrollText, needs: "ReadAudit", page: () => import("./pages/Audit.svelte") },
];

/** Pages that the navigation does not show. */
const OTHERS: readonly Pick<Place, "path" | "name" | "page">[] = [
  { path: "/entities", name: "Entity", page: () => import("./pages/Entity.svelte") },
  { path: "/design", name: "Design", page: () => import("./pages/Design.svelte") },
];

/** The place of an address: `/settings` is also that of `/settings/users`. */
export function placeOf(path: string): Pick<Place, "path" | "name" | "page"> | undefined {
  const all = [...PLACES, ...OTHERS];
  return all.find((one) => one.path === path) ?? all.find((one) => one.path !== "/" && path.startsWith(`${one.path}/`));
}
