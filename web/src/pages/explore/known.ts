/** What the node knows of events before anything is asked: fields of the language, columns, and the most frequent values of a field. */

import { answer, api, BACKGROUND, Problem } from "../../api/client";
import { KNOWN_VALUES } from "./complete";
import type { FieldHelp } from "./columns";

export interface KnownValue {
  readonly value: string;
  /** Events that have it; `undefined` for words of the language. */
  readonly count: number | undefined;
}

export interface Between {
  readonly from: string | undefined;
  readonly until: string | undefined;
}

const VALUES = 100;
const COLUMNS_MAX = 5;
const KEPT_MAX = 200;
const KEPT_MS = 60_000;

let fields: Promise<readonly FieldHelp[]> | undefined;
let columns: Promise<readonly string[]> | undefined;
const kept = new Map<string, { readonly at: number; readonly values: Promise<readonly KnownValue[]> }>();

/** Fields of the filter language with what they mean. */
export function knownFields(): Promise<readonly FieldHelp[]> {
  fields ??= answer(api.GET("/api/v1/events/fields"))
    .then((page) => page.items)
    .catch((problem: unknown) => {
      fields = undefined;
      throw problem;
    });
  return fields;
}

/** All columns of `events`. */
export function knownColumns(): Promise<readonly string[]> {
  columns ??= answer(api.POST("/api/v1/events/sql", { body: { sql: "describe events", limit: 1000 } }))
    .then((said) => said.rows.map((row) => String((row as Record<string, unknown>)["column_name"])))
    .catch((problem: unknown) => {
      columns = undefined;
      throw problem;
    });
  return columns;
}

/** Values of a field that begin as `prefix`, the most frequent first; none when the node cannot say. */
export async function knownValues(field: string, prefix: string, between: Between): Promise<readonly KnownValue[]> {
  const fixed = KNOWN_VALUES[field];
  if (fixed) return fixed.filter((value) => value.startsWith(prefix.toLowerCase())).map((value) => ({ value, count: undefined }));
  const key = JSON.stringify([field, prefix.toLowerCase(), between.from, between.until]);
  const known = kept.get(key);
  if (known && Date.now() - known.at < KEPT_MS) return known.values;
  if (kept.size >= KEPT_MAX) kept.clear();
  const values = counted(field, prefix, between).catch(() => []);
  kept.set(key, { at: Date.now(), values });
  return values;
}

async function counted(field: string, prefix: string, between: Between): Promise<readonly KnownValue[]> {
  const columns = (await knownFields()).find((one) => one.name === field)?.columns.slice(0, COLUMNS_MAX) ?? [field];
  const ask = (filter: string) => answer(api.POST("/api/v1/events/facets", { body: { filter, columns: [...columns], values: VALUES, ...stretch(between) }, headers: BACKGROUND }));
  // beyond the most frequent values only those that begin so are found; not every kind of field knows `*`
  const narrowed = prefix && !/[\s()"*]/.test(prefix) ? `${field}:${prefix}*` : "";
  const page = await ask(narrowed).catch((problem: unknown) => {
    if (narrowed && problem instanceof Problem && problem.status === 422) return ask("");
    throw problem;
  });
  const sums = new Map<string, number>();
  for (const { value, count } of page.items.flatMap((facet) => facet.values)) {
    if (value !== null && value !== undefined && String(value).toLowerCase().startsWith(prefix.toLowerCase())) sums.set(String(value), (sums.get(String(value)) ?? 0) + count);
  }
  return [...sums].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}

/** A range as bodies of questions have it. */
export function stretch({ from, until }: Between): { from?: string; until?: string } {
  return { ...(from ? { from } : {}), ...(until ? { until } : {}) };
}

const WHOLE_MS = 10_000;
let whole: { readonly at: number; readonly time: Promise<{ from: string; until: string } | undefined> } | undefined;

/** From the first event to the last, of what may be seen. */
export function wholeTime(): Promise<{ from: string; until: string } | undefined> {
  if (!whole || Date.now() - whole.at > WHOLE_MS) whole = { at: Date.now(), time: askedWhole() };
  return whole.time;
}

async function askedWhole(): Promise<{ from: string; until: string } | undefined> {
  const said = await answer(api.POST("/api/v1/events/sql", { body: { sql: "select min(time) as first, max(time) as last from events" } }));
  const row = said.rows[0] as Record<string, unknown> | undefined;
  if (typeof row?.["first"] !== "string" || typeof row["last"] !== "string") return undefined;
  return { from: row["first"], until: new Date(Date.parse(row["last"]) + 1_000).toISOString() };
}
