/** What could be written at a place of a filter: a field, or a value of a field. Pure: the values themselves come from the node. */

import { words, type Placed } from "./words";

export interface Wanted {
  readonly kind: "field" | "value";
  /** Letters that a choice replaces. */
  readonly from: number;
  readonly to: number;
  /** What is written of it already, without quotes. */
  readonly prefix: string;
  /** The field whose value it is. */
  readonly field: string;
}

/** Fields about time, which no column stands behind. */
export const TIMES: readonly { readonly name: string; readonly meaning: string; readonly values: readonly string[] }[] = [
  { name: "last", meaning: "the time up to now, as 15m, 24h or 7d", values: ["15m", "1h", "24h", "7d", "30d"] },
  { name: "since", meaning: "from a day, a time or so long ago", values: ["1h", "24h", "7d"] },
  { name: "until", meaning: "up to a day, a time or so long ago", values: ["1h", "24h", "7d"] },
];

/** Values that are words of the language and the same everywhere. */
export const KNOWN_VALUES: Readonly<Record<string, readonly string[]>> = {
  severity: ["informational", "low", "medium", "high", "critical", "fatal"],
  status: ["success", "failure", "unknown", "other"],
  is_break_glass: ["true", "false"],
  ...Object.fromEntries(TIMES.map((time) => [time.name, time.values])),
};

/** What stands at a place. `undefined`: nothing could be said, as in a text in quotes. */
export function wantedAt(filter: string, at: number): Wanted | undefined {
  const all = words(filter);
  const place = all.findIndex((one) => one.from < at && at <= one.to);
  const one = all[place];
  if (one?.word === "sign" && at === one.to) return value(all, place, at, at, "");
  if (one && (one.word === "bare" || one.word === "quoted")) return inWord(all, place, one, filter, at);
  if (one && one.word !== "open" && one.word !== "minus") return undefined;
  const list = listField(all.filter((other) => other.to <= at));
  if (list) return { kind: "value", from: at, to: at, prefix: "", field: list };
  return { kind: "field", from: at, to: at, prefix: "", field: "" };
}

function inWord(all: readonly Placed[], place: number, one: Placed, filter: string, at: number): Wanted | undefined {
  const isClosed = one.word === "quoted" && one.to - one.from > 1 && filter.charAt(one.to - 1) === '"';
  if (isClosed && at === one.to) return undefined;
  const prefix = one.word === "quoted" ? filter.slice(one.from + 1, at).replace(/\\(["\\])/g, "$1") : filter.slice(one.from, at);
  if (one.isValue) return value(all, place - 1, one.from, one.to, prefix);
  const list = listField(all.slice(0, place));
  if (list) return { kind: "value", from: one.from, to: one.to, prefix, field: list };
  return one.word === "bare" ? { kind: "field", from: one.from, to: one.to, prefix, field: "" } : undefined;
}

function value(all: readonly Placed[], sign: number, from: number, to: number, prefix: string): Wanted | undefined {
  const field = all[sign - 1];
  return field?.word === "bare" ? { kind: "value", from, to, prefix, field: field.text.toLowerCase() } : undefined;
}

/** The field of `field:(a b`, when that is what is not closed yet. */
function listField(before: readonly Placed[]): string | undefined {
  const open = before.findLastIndex((one) => one.word === "open");
  if (open < 2 || before.slice(open).some((one) => one.word === "close")) return undefined;
  const field = before[open - 2];
  return before[open - 1]?.word === "sign" && field?.word === "bare" ? field.text.toLowerCase() : undefined;
}

/** Whether somebody is still in the middle of it: then that it does not read is no fault. */
export function isUnfinished(filter: string): boolean {
  const all = words(filter);
  const last = all.at(-1);
  if (!last) return false;
  const depth = all.reduce((sum, one) => sum + (one.word === "open" ? 1 : one.word === "close" ? -1 : 0), 0);
  const isOpenQuote = last.word === "quoted" && (last.to - last.from < 2 || !filter.slice(last.from, last.to).endsWith('"'));
  return depth > 0 || isOpenQuote || last.word === "sign" || last.word === "minus" || (!last.isValue && /^(and|or|not)$/i.test(last.text));
}
