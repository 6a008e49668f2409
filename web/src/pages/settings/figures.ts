/** What the node counts of its disk, read out of its metrics (Prometheus' text form), and what follows from it. Pure. */

import { bytes, many } from "../../app/words";

/** Values by name and, where a metric has labels, by the labels as they stand there. */
export type Metrics = ReadonlyMap<string, number>;

export function metricsOf(text: string): Metrics {
  const found = new Map<string, number>();
  for (const line of text.split("\n")) {
    const parts = /^([a-z_:][a-z0-9_:]*(?:\{[^}]*\})?) (\S+)/i.exec(line);
    const value = Number(parts?.[2]);
    if (parts?.[1] && Number.isFinite(value)) found.set(parts[1], value);
  }
  return found;
}

export interface Disk {
  readonly budget: number;
  readonly kept: number;
  readonly byClass: readonly { readonly name: string; readonly bytes: number }[];
  readonly protectedBytes: number;
  readonly keptDays: number;
  readonly free: number;
  readonly reserve: number;
  /** Days until the budget is full at the pace of the last full days; `undefined` where the node knows none yet. */
  readonly daysLeft: number | undefined;
  readonly removedBytes: number;
}

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

/** `undefined` when the node has not looked at its disk yet. */
export function diskOf(metrics: Metrics): Disk | undefined {
  const budget = metrics.get("cordon_budget_bytes");
  if (!budget) return undefined;
  const of = (name: string) => metrics.get(name) ?? 0;
  const kept = [...metrics].flatMap(([name, value]) => {
    const found = /^cordon_kept_bytes\{class="(\w+)"\}$/.exec(name);
    return found?.[1] && value > 0 ? [{ name: CLASSES[found[1]] ?? found[1], bytes: value }] : [];
  });
  return {
    budget,
    kept: kept.reduce((sum, one) => sum + one.bytes, 0),
    byClass: kept.sort((one, other) => other.bytes - one.bytes),
    protectedBytes: of("cordon_protected_bytes"),
    keptDays: of("cordon_kept_days"),
    free: of("cordon_disk_free_bytes"),
    reserve: of("cordon_disk_reserve_bytes"),
    daysLeft: metrics.get("cordon_budget_days_left"),
    removedBytes: of("cordon_removed_bytes_total"),
  };
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
  const percent = (disk.kept / disk.budget) * 100;
  const share = percent > 0 && percent < 1 ? "Less than 1" : String(Math.round(percent));
  if (disk.kept >= disk.budget) return { says: `The budget is full and the oldest days leave in turn: ${many(disk.keptDays, "day")} are kept.`, from: "The age of the oldest day of which anything is left." };
  if (disk.daysLeft === undefined) return { says: `${share} % of the budget is taken. How many days are left cannot be said yet.`, from: "A forecast needs at least one full day that was received; this node has none so far." };
  if (disk.daysLeft > 3650) return { says: `${share} % of the budget is taken. At the present pace it is not full within ten years: what leaves before that leaves by age.`, from: PACE };
  return { says: `${share} % of the budget is taken. At the present pace it is full in ${many(disk.daysLeft, "day")}; from then on the oldest days leave.`, from: PACE };
}

/** What stands beside it: how much lies on the disk, and how much of that cannot leave. */
export function useOf(disk: Disk): string {
  return `${bytes(disk.kept)} of ${bytes(disk.budget)}${disk.protectedBytes > 0 ? `; ${bytes(disk.protectedBytes)} of it is protected by minimum ages, holds or findings` : ""}`;
}

/** Metrics answer who is on the node's machine: asking from elsewhere would only be refused. */
export function isOnMachine(hostname: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
}
