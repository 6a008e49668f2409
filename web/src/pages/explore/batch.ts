/** Which of the events that just came a filter admits: asked of the node in batches, so that there is one meaning of a filter. Pure parts of following. */

import type { EventRow } from "./columns";

/** As the stream has it. */
export interface LiveEvent {
  readonly id: string;
  readonly time: string;
  readonly received: string;
  readonly source: string;
  readonly site: string;
  readonly class_uid: number;
  readonly columns: EventRow;
}

/** Values of one facet at most: so many events are looked up at a time. */
export const BATCH_MAX = 100;
/** Bounds of the filter language (`docs/specs/query.md`). */
const FILTER_BYTES_MAX = 8_192;
const ID_BYTES = 37;

/** An event of the stream as a row of the table. */
export function rowOf(event: LiveEvent): EventRow {
  const { id, time, received, source, site, class_uid } = event;
  return { ...event.columns, event_id: id, time, received, source, site, class_uid };
}

/** How many events can be looked up beside a filter of this length; 0 when it is too long. */
export function batchSize(filter: string): number {
  const left = FILTER_BYTES_MAX - new TextEncoder().encode(filter).length - "() event:()".length;
  return Math.max(0, Math.min(BATCH_MAX, Math.floor(left / ID_BYTES)));
}

/** The filter, and one of these events. */
export function amongThese(filter: string, events: readonly LiveEvent[]): string {
  return `(${filter}) event:(${events.map((event) => event.id).join(" ")})`;
}

/** From the first to behind the last of these, so that the node looks nowhere else. */
export function span(events: readonly LiveEvent[]): { readonly from: string; readonly until: string } {
  const times = events.map((event) => Date.parse(event.time));
  return { from: new Date(Math.min(...times)).toISOString(), until: new Date(Math.max(...times) + 1_000).toISOString() };
}

/** Ids as a facet gives them: hexadecimal digits without the dashes. */
export function bare(id: string): string {
  return id.replaceAll("-", "").toLowerCase();
}

/** Newest first, at most so many. */
export function joined(newer: readonly EventRow[], older: readonly EventRow[], most: number): readonly EventRow[] {
  return [...newer, ...older].slice(0, most);
}
