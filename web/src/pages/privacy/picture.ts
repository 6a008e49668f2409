/** The pictures of a case: what a score is made of, and when records were opened. Pure. */

import { shownHundredths } from "../../app/sum";
import type { Access, Part } from "./incidents";

export interface Bar {
  readonly name: string;
  /** As shown: hundredths that sum to the shown total. */
  readonly shown: number;
  /** Where it begins and ends, 0 to 1 of the width. */
  readonly from: number;
  readonly to: number;
  /** It raises the score. */
  readonly isFor: boolean;
}

export interface Bars {
  readonly bars: readonly Bar[];
  readonly total: number;
  /** Where even odds (a score of 0.5) are, 0 to 1 of the width. */
  readonly even: number;
  /** What the parts alone come to, 0 to 1. */
  readonly score: number;
}

/** Each part goes on where the one before ended; the last ends at the total, whose score is 1 / (1 + e^-total). */
export function barsOf(parts: readonly Part[]): Bars {
  const ends: number[] = [];
  let sum = 0;
  for (const part of parts) ends.push((sum += part.nats));
  const low = Math.min(0, ...ends);
  const width = Math.max(0, ...ends) - low || 1;
  const at = (value: number) => (value - low) / width;
  const hundredths = shownHundredths(parts.map((part) => part.nats));
  const bars = parts.map((part, place) => {
    const [begin, end] = [ends[place - 1] ?? 0, ends[place] ?? 0];
    return { name: part.name, shown: (hundredths[place] ?? 0) / 100, from: at(Math.min(begin, end)), to: at(Math.max(begin, end)), isFor: part.nats >= 0 };
  });
  return { bars, total: hundredths.reduce((all, one) => all + one, 0) / 100, even: at(0), score: 1 / (1 + Math.exp(-sum)) };
}

/** Most lanes; further records share the last one. */
export const LANES_MAX = 8;

export interface Dot {
  /** 0 to 1 of the time shown. */
  readonly x: number;
  readonly lane: number;
  readonly count: number;
  readonly hasReason: boolean;
  readonly isBreakGlass: boolean;
  readonly first: string;
  readonly last: string;
}

export interface Lanes {
  readonly from: number;
  readonly until: number;
  /** A patient reference each; `null` is the rest. */
  readonly lanes: readonly (string | null)[];
  readonly dots: readonly Dot[];
}

/** Dots nearer than this part of the width are one. */
const NEAR = 1 / 80;
/** What is shown before and after, as part of the time between first and last. */
const MARGIN = 0.04;
const MARGIN_MS_MIN = 60_000;

/** Accesses by record, the record that was opened first on top. */
export function lanesOf(accesses: readonly Access[]): Lanes | undefined {
  const sorted = [...accesses].sort((one, other) => Date.parse(one.time) - Date.parse(other.time));
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (!first || !last) return undefined;
  const [begin, end] = [Date.parse(first.time), Date.parse(last.time)];
  const margin = Math.max(MARGIN_MS_MIN, (end - begin) * MARGIN);
  const [from, until] = [begin - margin, end + margin];
  const refs = [...new Set(sorted.map((access) => access.patient_ref))];
  const lanes = refs.length > LANES_MAX ? [...refs.slice(0, LANES_MAX - 1), null] : refs;
  const dots: Dot[] = [];
  for (const access of sorted) {
    const known = lanes.indexOf(access.patient_ref);
    const lane = known >= 0 ? known : lanes.length - 1;
    const x = (Date.parse(access.time) - from) / (until - from);
    const hasReason = access.explanation.length > 0;
    const place = dots.findLastIndex((dot) => dot.lane === lane && dot.hasReason === hasReason && dot.isBreakGlass === access.break_glass && x - dot.x < NEAR);
    const near = dots[place];
    if (near) dots[place] = { ...near, count: near.count + 1, last: access.time };
    else dots.push({ x, lane, count: 1, hasReason, isBreakGlass: access.break_glass, first: access.time, last: access.time });
  }
  return { from, until, lanes, dots };
}
