/** When this browser last looked: a moment, nothing of what was seen. A visit of today that goes on is the same visit. */

const NAME = "last-visit";
const SAME_VISIT_MS = 30 * 60_000;

interface Kept {
  readonly before: string | null;
  readonly seen: string;
}

/** The moment (ISO 8601, clock of the node) since when something is new; `null` at the first visit. Notes this visit. */
export function visited(now: Date): string | null {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "null") as Kept | null;
    const goesOn = kept !== null && now.getTime() - Date.parse(kept.seen) < SAME_VISIT_MS;
    const before = kept === null ? null : goesOn ? kept.before : kept.seen;
    localStorage.setItem(NAME, JSON.stringify({ before, seen: now.toISOString() } satisfies Kept));
    return before;
  } catch {
    return null; // storage is switched off
  }
}
