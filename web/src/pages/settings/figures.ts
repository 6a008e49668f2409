/** How full the disk is, as the node tells it, in words. Pure. */

import type { Schemas } from "../../api/client";
import { bytes, many } from "../../app/words";

export type Disk = Schemas["Disk"];

const CLASSES: Readonly<Record<string, string>> = {
  health: "Accesses to records, clinical messages",
  identity: "Sign-ins and accounts",
  system: "Hosts: processes and files",
  network: "Network",
  application: "Web and applications",
  other: "Other events",
  evidence: "Original records",
  node: "What the node itself needs",
};

/** What a kind of kept bytes is called. */
export function classOf(kept: Disk["kept"][number]): string {
  return CLASSES[kept.class] ?? kept.class;
}

export function keptOf(disk: Disk): number {
  return disk.kept.reduce((sum, one) => sum + one.bytes, 0);
}

/** A part of the whole, in percent. */
export function percentOf(part: number, whole: number): string {
  const percent = (part / whole) * 100;
  return percent > 0 && percent < 0.1 ? "under 0.1 %" : `${percent.toFixed(1)} %`;
}

export interface Forecast {
  readonly says: string;
  /** What it is computed from. */
  readonly from: string;
}

const PACE = "The node computes it from what is free in the budget and the bytes that were added a day in the last seven full days, as they lie on the disk. A week that was busier than usual makes it shorter than it will be.";

export function forecastOf(disk: Disk): Forecast {
  const percent = (keptOf(disk) / disk.budget) * 100;
  const share = percent > 0 && percent < 1 ? "Less than 1" : String(Math.round(percent));
  if (disk.is_turning) return { says: `The budget is full and the oldest days leave in turn: ${many(disk.days_kept, "day")} are kept.`, from: "The age of the oldest day of which anything is left." };
  if (disk.days_left === null) return { says: `${share} % of the budget is taken. How many days are left cannot be said yet.`, from: "A forecast needs at least one full day that was received; this node has none so far." };
  if (disk.days_left > 3650) return { says: `${share} % of the budget is taken. At the present pace it is not full within ten years: what leaves before that leaves by age.`, from: PACE };
  return { says: `${share} % of the budget is taken. At the present pace it is full in ${many(disk.days_left, "day")}; from then on the oldest days leave.`, from: PACE };
}

/** What stands beside it: how much lies on the disk, and how much of that cannot leave. */
export function useOf(disk: Disk): string {
  return `${bytes(keptOf(disk))} of ${bytes(disk.budget)}${disk.protected > 0 ? `; ${bytes(disk.protected)} of it is protected by minimum ages, holds or findings` : ""}`;
}
