/** Which entries are asked for. Pure. */

import { rangeOf } from "../../app/range";
import type { Entry } from "./sentences";

/** What the address of the page says of them; names of people stand there as handles. */
export interface Asked {
  readonly action: string | undefined;
  readonly target_kind: string | undefined;
  readonly target: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Things whose id is a number or a word of the node's own making. */
const ID_KINDS: readonly string[] = ["group", "mute", "token", "source_token", "hold", "job", "event", "rule", "saved_search", "letter", "setting"];

export function isIdKind(kind: string): boolean {
  return ID_KINDS.includes(kind);
}

export function askedOf(query: URLSearchParams, now: Date): Asked {
  const range = rangeOf(query, now);
  const kind = query.get("kind") ?? undefined;
  return {
    action: query.get("action") ?? undefined,
    target_kind: kind,
    target: kind && isIdKind(kind) ? (query.get("target") ?? undefined) : undefined,
    from: range.from,
    to: range.until,
  };
}

/** All that was read, newest first, each once. */
export function joined(pages: readonly (readonly Entry[])[]): Entry[] {
  const known = new Map(pages.flat().map((entry) => [entry.seq, entry]));
  return [...known.values()].sort((one, other) => other.seq - one.seq);
}

/** Where the thing of an entry is shown, to who may see it there. */
export function linkOf(entry: Entry, may: (action: string) => boolean): string | undefined {
  const id = encodeURIComponent(entry.target);
  const places: Readonly<Record<string, readonly [string, string]>> = {
    group: ["ReadFindings", `/findings?group=${id}`],
    rule: ["ReadRules", `/rules/${id}`],
    mute: ["ReadFindings", `/settings/suppressions?ended=1&mute=${id}`],
    hold: ["ReadHolds", `/settings/holds?ended=1&hold=${id}`],
    token: ["ReadTokens", `/settings/tokens?token=${id}`],
  };
  const place = entry.target ? places[entry.target_kind] : undefined;
  return place && may(place[0]) ? place[1] : undefined;
}
