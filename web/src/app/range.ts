/** A range of time as it stands in the address: a word that moves with the node's clock, or two moments. */

export interface Range {
  readonly from: string | undefined;
  readonly until: string | undefined;
}

export const RANGES: readonly { readonly word: string; readonly name: string; readonly seconds: number }[] = [
  { word: "15m", name: "15 minutes", seconds: 900 },
  { word: "1h", name: "Last hour", seconds: 3_600 },
  { word: "24h", name: "24 hours", seconds: 86_400 },
  { word: "7d", name: "7 days", seconds: 7 * 86_400 },
  { word: "30d", name: "30 days", seconds: 30 * 86_400 },
];

/** What `range` (a word) or `from` and `until` (ISO 8601) mean at `now`; without any of them everything. */
export function rangeOf(query: URLSearchParams, now: Date): Range {
  const known = RANGES.find((one) => one.word === query.get("range"));
  if (known) return { from: new Date(now.getTime() - known.seconds * 1000).toISOString(), until: undefined };
  return { from: moment(query.get("from")), until: moment(query.get("until")) };
}

function moment(text: string | null): string | undefined {
  if (!text) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
