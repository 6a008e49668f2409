/** A sample of what a source sent: the questions in SQL, and what stands in the answers. Source ids go into bodies only, never into addresses. */

import type { Row } from "../../api/client";
import type { Source } from "./health";

/** Senders whose records are kept under a source for each file: `http/import/PATH` (`docs/specs/intake-http.md`). */
const IMPORTERS: readonly string[] = ["import", "replay"];

/** How far back of the last record the sample goes. */
export const SAMPLE_HOURS = 24;
export const LATEST = 12;
export const ODD = 60;

/** What normalisation writes of a record in which something was odd. */
const MARK = '"name":"anomaly"';

/** Whether its events stand under a source for each file that it brought. */
export function isImporter(source: Source): boolean {
  return source.listener === "http" && IMPORTERS.includes(source.sender);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The events of a source since some hours before its last record. */
function whereOf(source: Source): string | undefined {
  if (!source.received_last) return undefined;
  const since = new Date(Date.parse(source.received_last) - SAMPLE_HOURS * 3_600_000).toISOString();
  const of = isImporter(source) ? `starts_with(source, ${quoted(`${source.id}/`)})` : `source = ${quoted(source.id)}`;
  return `${of} and received >= timestamp ${quoted(since)} and event_day >= date ${quoted(since.slice(0, 10))}`;
}

const COLUMNS = "event_id, time, received, class_uid, class_name, activity_name, metadata_product_name, source, rest";

export interface Questions {
  readonly classes: string;
  readonly latest: string;
  readonly odd: string;
}

/** The three questions; none for a source that was never heard. */
export function questionsOf(source: Source): Questions | undefined {
  const where = whereOf(source);
  if (!where) return undefined;
  const isOdd = `rest like ${quoted(`%${MARK}%`)}`;
  return {
    classes: `select class_uid, count(*) as events, sum(case when ${isOdd} then 1 else 0 end) as odd from events where ${where} group by class_uid order by events desc`,
    latest: `select ${COLUMNS} from events where ${where} order by received desc, position desc limit ${LATEST}`,
    odd: `select ${COLUMNS} from events where ${where} and ${isOdd} order by received desc, position desc limit ${ODD}`,
  };
}

export interface SampleEvent {
  readonly id: string;
  readonly time: string;
  readonly classUid: number;
  readonly action: string;
  readonly product: string;
  readonly source: string;
  readonly anomalies: readonly string[];
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

export function eventOf(row: Row): SampleEvent {
  const of = row as Readonly<Record<string, unknown>>;
  return {
    id: text(of["event_id"]),
    time: text(of["time"]) || text(of["received"]),
    classUid: Number(of["class_uid"] ?? 0),
    action: text(of["activity_name"]),
    product: text(of["metadata_product_name"]),
    source: text(of["source"]),
    anomalies: anomaliesOf(text(of["rest"])),
  };
}

/** Names of what was odd about the record of an event: tags in its metadata (`docs/specs/ocsf.md`). */
export function anomaliesOf(rest: string): string[] {
  if (!rest.includes(MARK)) return [];
  try {
    const { metadata } = JSON.parse(rest) as { metadata?: { tags?: readonly { name?: string; value?: string }[] } };
    return (metadata?.tags ?? []).flatMap((tag) => (tag.name === "anomaly" && tag.value ? [tag.value] : []));
  } catch {
    return []; // a text that was cut
  }
}

/** Ends and middles of names of anomalies, and what they mean to somebody who runs the sender. The first that fits counts. */
const MEANINGS: readonly (readonly [RegExp, string])[] = [
  [/^time_of_receipt$/, "No time in the record: the time of its receipt was taken."],
  [/^time_at_clock_change$/, "The time stands within a change of clocks and is there twice or never."],
  [/(missing|without)_zone$/, "The time has no zone: that of the node's site was taken."],
  [/missing_year$/, "The time has no year: the latest one that fits was taken."],
  [/(missing|bad)_time$|time_unreadable$/, "No time could be read from the record."],
  [/not_utf8$|invalid_utf8$/, "The text is not UTF-8: some letters may be wrong."],
  [/charset/, "The character set is not stated, or is another than stated."],
  [/truncated$|cut_off$|broken$|_short_|unclosed$/, "The record breaks off or is not well-formed: what could be read was read."],
  [/too_(many|deep|long|large)/, "The record is larger than the node reads in full: the rest was left out."],
  [/no_header$/, "The line has no header of its kind: all of it was taken as the message."],
  [/(more|fewer)_cells$/, "A row of a table has another number of cells than its header."],
  [/carries_more$/, "The message holds several records: the first of them was judged."],
  [/bad_payload$/, "The message starts like a known format and then breaks its rules."],
];

export function anomalyWords(name: string): string {
  return MEANINGS.find(([pattern]) => pattern.test(name))?.[1] ?? `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("_", " ")}.`;
}

/** How often each anomaly is there, the most frequent first. */
export function anomalyCounts(events: readonly SampleEvent[]): readonly { readonly name: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  events.flatMap((event) => event.anomalies).forEach((name) => counts.set(name, (counts.get(name) ?? 0) + 1));
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}

export interface ClassCount {
  readonly classUid: number;
  readonly events: number;
  readonly odd: number;
}

export function classCountOf(row: Row): ClassCount {
  const of = row as Readonly<Record<string, unknown>>;
  return { classUid: Number(of["class_uid"] ?? 0), events: Number(of["events"] ?? 0), odd: Number(of["odd"] ?? 0) };
}

/** One sentence about what was understood. Class 0 is an event that is kept and searched, and of which no more is known. */
export function understood(classes: readonly ClassCount[]): { readonly events: number; readonly known: number; readonly odd: number } {
  const sum = (of: (one: ClassCount) => number) => classes.reduce((all, one) => all + of(one), 0);
  return { events: sum((one) => one.events), known: sum((one) => (one.classUid === 0 ? 0 : one.events)), odd: sum((one) => one.odd) };
}
