/** A search as it is kept by the node: JSON in its text, so that mode, range and columns come back with it. A plain filter that something else saved is one too. */

export type Mode = "filter" | "sql";

export interface Kept {
  readonly mode: Mode;
  readonly text: string;
  readonly range: string | null;
  readonly columns: string | null;
}

/** Longest text of a saved search, in bytes. */
export const KEPT_BYTES_MAX = 16_384;

export function packed(kept: Kept): string {
  const { mode, text, range, columns } = kept;
  return JSON.stringify({ cordon_search: 1, mode, text, ...(range ? { range } : {}), ...(columns ? { columns } : {}) });
}

export function unpacked(query: string): Kept {
  const plain: Kept = { mode: "filter", text: query, range: null, columns: null };
  if (!query.startsWith("{")) return plain;
  try {
    const said = JSON.parse(query) as Record<string, unknown>;
    if (said["cordon_search"] !== 1 || typeof said["text"] !== "string") return plain;
    const text = (name: string) => (typeof said[name] === "string" ? said[name] : null);
    return { mode: said["mode"] === "sql" ? "sql" : "filter", text: said["text"], range: text("range"), columns: text("columns") };
  } catch {
    return plain;
  }
}
