/** The question behind the handle of the address. What is too long for a handle stays on this page: Back finds it, a reload does not. */

import { Problem } from "../../api/client";
import { handleOf, textOf } from "../../app/handles";
import { session } from "../../app/session.svelte";

const MINE = "~";
const MINE_MAX = 50;
/** Longest text behind a handle. */
const HANDLE_BYTES_MAX = 4_000;
/** Texts by handle, each with who wrote it: the next who signs in here does not see it. */
const mine = new Map<string, { readonly text: string; readonly by: string | undefined }>();
let made = 0;

/** What stands in the address for a question. */
export async function sealed(text: string): Promise<string> {
  const known = [...mine].find(([, kept]) => kept.text === text && kept.by === session.me?.name)?.[0];
  if (known) return known;
  if (new TextEncoder().encode(text).length > HANDLE_BYTES_MAX) return keep(text);
  try {
    return await handleOf(text);
  } catch (problem) {
    // signed out or away: neither would the question be answered
    if (!(problem instanceof Problem) || problem.isAway || problem.status === 401) throw problem;
    return keep(text);
  }
}

function keep(text: string): string {
  const oldest = mine.keys().next().value;
  if (mine.size >= MINE_MAX && oldest !== undefined) mine.delete(oldest);
  const handle = `${MINE}${++made}`;
  mine.set(handle, { text, by: session.me?.name });
  return handle;
}

/** What is being opened: the line and the answer both want it. */
const opening = new Map<string, Promise<string>>();

/** The question of a handle. */
export async function opened(handle: string): Promise<string> {
  if (!handle.startsWith(MINE)) {
    const asked = opening.get(handle) ?? textOf(handle).finally(() => opening.delete(handle));
    opening.set(handle, asked);
    return asked;
  }
  const kept = mine.get(handle);
  if (!kept || kept.by !== session.me?.name) throw new Problem(404, "page", "This question was too long to stand in an address, and is gone with the page it was written on. Ask it again.");
  return kept.text;
}
