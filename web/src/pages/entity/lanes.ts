/** Events of an entity in lanes over time: which class runs in which lane, stretches of time, ticks of the axis. Pure. */

import type { EntityKind } from "../../api/client";

export type Lane = "identity" | "records" | "network" | "host" | "device" | "other";

export interface LaneKind {
  readonly lane: Lane;
  readonly name: string;
  /** What runs in it. */
  readonly holds: string;
  /** Its part of a filter: event tables are families of OCSF classes (`crates/store/data/families.tsv`). */
  readonly filter: string;
}

/** From top to bottom. The last is for what has no lane of its own, and is there only when something runs in it. */
export const LANES: readonly LaneKind[] = [
  { lane: "identity", name: "Identity", holds: "sign-ins, accounts, groups, privileges", filter: "table:identity" },
  { lane: "records", name: "Records", holds: "patients' records, messages between clinical systems, images", filter: "table:(record_access clinical) -class_uid:87006004" },
  { lane: "network", name: "Network", holds: "connections, names asked for, web", filter: "table:(network dns web) -class_uid:6003" },
  { lane: "host", name: "Host", holds: "programs, files, services, jobs, registry", filter: "table:(process file system)" },
  { lane: "device", name: "Device", holds: "medical devices and their gateways", filter: "class_uid:87006004" },
  { lane: "other", name: "Other", holds: "what other products found, calls of services, what fits nowhere else", filter: "(table:(detections other) or class_uid:6003)" },
];

export const BREAK_GLASS = "is_break_glass:true";

const HEALTH_EXTENSION = 870;
const MEDICAL_DEVICE = 87_006_004;

/** The lane of an OCSF class: the extension stands before the last five digits, the category before the last three. */
export function laneOf(classUid: number): Lane {
  if (classUid === MEDICAL_DEVICE) return "device";
  if (Math.floor(classUid / 100_000) === HEALTH_EXTENSION) return "records";
  // the web family holds HTTP and calls of services; these have no lane
  const category = Math.floor((classUid % 100_000) / 1_000);
  return OF_CATEGORY[category] ?? "other";
}

const OF_CATEGORY: Readonly<Record<number, Lane>> = { 1: "host", 3: "identity", 4: "network" };

export function nameOf(lane: Lane): string {
  return LANES.find((one) => one.lane === lane)?.name ?? lane;
}

/** The filter of an entity's events in a lane, or in all. */
export function within(about: string, lane: Lane | null): string {
  const kind = LANES.find((one) => one.lane === lane);
  return kind ? `(${about}) ${kind.filter}` : about;
}

/** Equal stretches of time, in milliseconds since 1970; the first may begin before what was asked for. */
export interface Stretches {
  readonly begin: number;
  readonly length: number;
  readonly count: number;
}

/** As the node cuts them: multiples of their length. */
export function stretches(from: number, until: number, length: number): Stretches {
  const begin = Math.floor(from / length) * length;
  return { begin, length, count: Math.max(1, Math.ceil((until - begin) / length)) };
}

/** The lengths that the node cuts into, in seconds (`crates/store/src/stretches.rs`). */
const LENGTHS = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000];

/** How long a stretch is when at most so many are wanted. */
export function lengthOf(from: number, until: number, wanted: number): number {
  const seconds = Math.max(0, Math.floor((until - from) / 1_000));
  return 1_000 * (LENGTHS.find((length) => Math.floor(seconds / length) <= wanted) ?? Math.max(1, Math.floor(seconds / wanted)));
}

/** Counts of a histogram, one for each stretch. */
export function counted(buckets: readonly { readonly start: string; readonly count: number }[], of: Stretches): number[] {
  const counts = Array.from({ length: of.count }, () => 0);
  for (const { start, count } of buckets) {
    const place = Math.min(of.count - 1, Math.max(0, Math.floor((Date.parse(start) - of.begin) / of.length)));
    counts[place] = (counts[place] ?? 0) + count;
  }
  return counts;
}

/** A stretch that somebody chose: between two moments, in one lane or in all. */
export interface Chosen {
  readonly from: number;
  readonly until: number;
  readonly lane: Lane | null;
}

/** `1773849600-1773851400`: as the address has it, in seconds. It says nothing of anybody. */
export function said({ from, until }: Pick<Chosen, "from" | "until">): string {
  return `${Math.floor(from / 1_000)}-${Math.ceil(until / 1_000)}`;
}

export function chosenOf(stretch: string | null, lane: string | null): Chosen | null {
  const [, from, until] = /^(\d{1,11})-(\d{1,11})$/.exec(stretch ?? "") ?? [];
  if (!from || !until || Number(from) >= Number(until)) return null;
  return { from: Number(from) * 1_000, until: Number(until) * 1_000, lane: laneNamed(lane) };
}

export function laneNamed(lane: string | null): Lane | null {
  return LANES.find((one) => one.lane === lane)?.lane ?? null;
}

/** The stretch between two cells, whichever was first; in a lane when both are in it. */
export function between(one: Cell, other: Cell, of: Stretches, lanes: readonly Lane[]): Chosen {
  const first = Math.min(one.place, other.place);
  const last = Math.max(one.place, other.place);
  const lane = one.row === other.row ? (lanes[one.row] ?? null) : null;
  return { from: of.begin + first * of.length, until: of.begin + (last + 1) * of.length, lane };
}

export interface Cell {
  readonly row: number;
  readonly place: number;
}

export interface TableRow {
  readonly from: number;
  readonly until: number;
  readonly counts: readonly number[];
}

const HOUR = 3_600_000;

/** Counts of lanes by hour, or by stretch where a stretch is longer; without the hours in which nothing was. */
export function byHour(counts: readonly (readonly number[])[], of: Stretches): TableRow[] {
  const length = Math.max(HOUR, of.length);
  const rows = new Map<number, number[]>();
  counts.forEach((lane, row) =>
    lane.forEach((count, place) => {
      if (count === 0) return;
      const hour = Math.floor((of.begin + place * of.length) / length) * length;
      const sums = rows.get(hour) ?? counts.map(() => 0);
      sums[row] = (sums[row] ?? 0) + count;
      rows.set(hour, sums);
    }),
  );
  return [...rows].sort(([a], [b]) => a - b).map(([from, sums]) => ({ from, until: from + length, counts: sums }));
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

const MINUTE = 60_000;
const DAY = 24 * HOUR;
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 91 * DAY, 365 * DAY];
const pad = (value: number) => String(value).padStart(2, "0");

/** Round moments of this browser's zone between two others, at most so many; a day is named where it begins. */
export function ticks(begin: number, end: number, most: number): Tick[] {
  const step = STEPS.find((one) => (end - begin) / one <= most) ?? 365 * DAY;
  const zone = new Date(begin).getTimezoneOffset() * MINUTE;
  const found: Tick[] = [];
  for (let at = Math.ceil((begin - zone) / step) * step + zone; at <= end && found.length <= most; at += step) found.push({ at, label: labelOf(at, step) });
  return found;
}

function labelOf(at: number, step: number): string {
  const moment = new Date(at);
  const time = `${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
  const day = `${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
  return step >= DAY || time === "00:00" ? day : time;
}

/** Which lanes somebody of these roles sees nothing in, whatever happened: privacy officers read what is about health. */
export function hiddenLanes(roles: readonly string[], kind: EntityKind): boolean {
  return kind !== "patient" && roles.includes("privacy_officer") && !roles.includes("analyst") && !roles.includes("responder");
}
