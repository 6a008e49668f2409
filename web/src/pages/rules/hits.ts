/** Findings of one rule over time. */

import { answer, api, BACKGROUND, type Level } from "../../api/client";

export interface Hits {
  readonly seconds: number;
  readonly cells: readonly { readonly start: string; readonly level: Level; readonly count: number }[];
  readonly from: string;
  readonly until: string;
}

const BUCKETS = 90;

export async function hitsOf(rule: string, from: string, until: string, signal: AbortSignal): Promise<Hits> {
  const query = { rule, from, until, buckets: BUCKETS };
  const { seconds, histogram } = await answer(api.GET("/api/v1/findings/histogram", { params: { query }, headers: BACKGROUND, signal }));
  return { seconds, cells: histogram, from, until };
}
