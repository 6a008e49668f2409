/** What the node knows of events before anything is asked: fields of the language, columns, and the most frequent values of a field. */

import { answer, api, BACKGROUND } from "../../api/client";
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
let types: Promise<ReadonlyMap<string, string>> | undefined;
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
export async function knownColumns(): Promise<readonly string[]> {
  return [...(await knownTypes()).keys()];
}

/** What each column holds, in the words of the engine. */
function knownTypes(): Promise<ReadonlyMap<string, string>> {
  types ??= answer(api.POST("/api/v1/events/sql", { body: { sql: "describe events", limit: 1000 } }))
    .then((said) => new Map((said.rows as readonly Record<string, unknown>[]).map((row) => [String(row["column_name"]), String(row["data_type"])])))
    .catch((problem: unknown) => {
      types = undefined;
      throw problem;
    });
  return types;
}

/** Values are what one person may see. */
export function forgetValues() {
  kept.clear();
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
  const [fields, types] = await Promise.all([knownFields(), knownTypes()]);
  const columns = fields.find((one) => one.name === field)?.columns.slice(0, COLUMNS_MAX) ?? (types.has(field) ? [field] : []);
  if (columns.length === 0) return [];
  const body = { filter: beginning(columns, prefix, fields, types), columns: [...columns], values: VALUES, ...stretch(between) };
  const page = await answer(api.POST("/api/v1/events/facets", { body, headers: BACKGROUND }));
  const sums = new Map<string, number>();
  for (const { value, count } of page.items.flatMap((facet) => facet.values)) {
    if (value !== null && value !== undefined && String(value).toLowerCase().startsWith(prefix.toLowerCase())) sums.set(String(value), (sums.get(String(value)) ?? 0) + count);
  }
  return [...sums].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
}

/** Only events whose values begin so, so that rare ones are found too. Only text knows `*`, and columns that are fields of another kind by their own name do not. */
function beginning(columns: readonly string[], prefix: string, fields: readonly FieldHelp[], types: ReadonlyMap<string, string>): string {
  const isText = columns.every((column) => types.get(column)?.startsWith("Utf8") && !fields.some((field) => field.name === column));
  return isText && prefix && !/[\s()"*]/.test(prefix) ? columns.map((column) => `${column}:${prefix}*`).join(" or ") : "";
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
