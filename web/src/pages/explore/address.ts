/** The question behind the handle of the address. What is too long for a handle stays on this page: Back finds it, a reload does not. */

import { Problem } from "../../api/client";
import { handleOf, textOf } from "../../app/handles";

const MINE = "~";
const MINE_MAX = 50;
const mine = new Map<string, string>();
let made = 0;

/** What stands in the address for a question. */
export async function sealed(text: string): Promise<string> {
  const known = [...mine].find(([, kept]) => kept === text)?.[0];
  if (known) return known;
  try {
    return await handleOf(text);
  } catch (problem) {
    // signed out or away: neither would the question be answered
    if (!(problem instanceof Problem) || problem.isAway || problem.status === 401) throw problem;
    return kept(text);
  }
}

function kept(text: string): string {
  const oldest = mine.keys().next().value;
  if (mine.size >= MINE_MAX && oldest !== undefined) mine.delete(oldest);
  const handle = `${MINE}${++made}`;
  mine.set(handle, text);
  return handle;
}

/** The question of a handle. */
export async function opened(handle: string): Promise<string> {
  if (!handle.startsWith(MINE)) return textOf(handle);
  const text = mine.get(handle);
  if (text === undefined) throw new Problem(404, "page", "This question was too long to stand in an address, and is gone with the page it was written on. Ask it again.");
  return text;
}
