/** To Explore with a question: it stands behind a handle in the address. */

import { handleOf } from "./handles";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

/** A value as the filter language takes it, whatever is in it (`docs/specs/query.md`). */
export function exactly(field: string, value: string): string {
  return `${field}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

export async function explore(filter: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
  try {
    const query = new URLSearchParams({ q: await handleOf(filter), ...more });
    router.go(`/explore?${query.toString()}`);
  } catch (problem) {
    toasts.fault(problem);
  }
}

/** One event, whenever it happened. */
export function exploreEvent(id: string): Promise<void> {
  return explore(`event:${id}`, { range: "all", event: id });
}
