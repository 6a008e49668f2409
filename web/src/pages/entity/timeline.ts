/** The counts of an entity's events in lanes over time, asked of the node: one histogram for each lane and one for break-glass. */

import { answer, api } from "../../api/client";
import { rangeOf } from "../../app/range";
import { BREAK_GLASS, counted, LANES, lengthOf, stretches, within, type LaneKind, type Stretches } from "./lanes";

/** Most stretches beside each other. */
const STRETCHES_MAX = 100;
/** Nobody has logs from before; the node cuts all the time since into months to find the beginning. */
const EARLIEST = Date.UTC(2000, 0, 1);
const MONTHS_MAX = 1_000;

export interface Span {
  readonly from: number;
  readonly until: number;
}

export interface LaneCounts extends LaneKind {
  readonly counts: readonly number[];
  readonly total: number;
}

export interface Timeline extends Span {
  readonly stretches: Stretches;
  readonly lanes: readonly LaneCounts[];
  /** Events with break-glass in each stretch; they are in the lane of records too. */
  readonly glass: readonly number[];
}

/** The two moments that the address means; without a beginning that of the entity's first event. */
export async function readSpan(about: string, query: URLSearchParams, now: Date, signal: AbortSignal): Promise<Span> {
  const range = rangeOf(query, now);
  const until = range.until ? Date.parse(range.until) : now.getTime();
  const from = range.from ? Date.parse(range.from) : await beginning(about, until, signal);
  return from < until ? { from, until } : { from: until - 86_400_000, until };
}

async function beginning(about: string, until: number, signal: AbortSignal): Promise<number> {
  const body = { filter: about, from: iso(EARLIEST), until: iso(until), buckets: MONTHS_MAX };
  const months = (await answer(api.POST("/api/v1/events/histogram", { body, signal }))).items;
  const first = months[0];
  if (!first) return until - 86_400_000;
  const start = Date.parse(first.start);
  const days = { ...body, from: first.start, until: iso(Math.min(until, start + first.seconds * 1_000)) };
  const finer = (await answer(api.POST("/api/v1/events/histogram", { body: days, signal }))).items;
  return Date.parse(finer[0]?.start ?? first.start);
}

export async function readTimeline(about: string, span: Span, signal: AbortSignal): Promise<Timeline> {
  const cut = stretches(span.from, span.until, lengthOf(span.from, span.until, STRETCHES_MAX));
  const count = async (filter: string) => {
    const body = { filter, from: iso(span.from), until: iso(span.until), buckets: STRETCHES_MAX };
    return counted((await answer(api.POST("/api/v1/events/histogram", { body, signal }))).items, cut);
  };
  const [glass, ...counts] = await Promise.all([count(`(${about}) ${BREAK_GLASS}`), ...LANES.map((kind) => count(within(about, kind.lane)))]);
  const lanes = LANES.map((kind, place) => ({ ...kind, counts: counts[place] ?? [], total: (counts[place] ?? []).reduce((sum, one) => sum + one, 0) }));
  return { ...span, stretches: cut, lanes: lanes.filter((one) => one.lane !== "other" || one.total > 0), glass };
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}
