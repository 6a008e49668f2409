/** What stands in the address for words that could identify a person or a patient. The node seals the words; without it a handle says nothing. */

import { answer, api } from "../api/client";

const KEPT_MAX = 200;
const words = new Map<string, string>();
const handles = new Map<string, string>();

function keep(handle: string, text: string) {
  if (words.size >= KEPT_MAX) {
    words.clear();
    handles.clear();
  }
  words.set(handle, text);
  handles.set(text, handle);
}

/** The handle of a text. */
export async function handleOf(text: string): Promise<string> {
  const known = handles.get(text);
  if (known) return known;
  const { handle } = await answer(api.POST("/api/v1/handles", { body: { text } }));
  keep(handle, text);
  return handle;
}

/** The text of a handle; a [`Problem`] with status 404 when it is none of this node's or too old. */
export async function textOf(handle: string): Promise<string> {
  const known = words.get(handle);
  if (known !== undefined) return known;
  const { text } = await answer(api.POST("/api/v1/handles/open", { body: { handle } }));
  keep(handle, text);
  return text;
}
