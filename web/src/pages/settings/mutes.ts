/** Suppressions, exceptions and maintenance windows in words. Pure. */

import type { Schemas } from "../../api/client";
import { KIND_WORDS, many, moment } from "../../app/words";

export type Mute = Schemas["Mute"];
export type MuteKind = Schemas["MuteKind"];

export const MUTE_KINDS: Readonly<Record<MuteKind, { readonly name: string; readonly does: string }>> = {
  suppression: { name: "Suppression", does: "Known and worked on: quiet until a stated time. It also hides what is there already." },
  exception: { name: "Exception", does: "Known to be harmless: quiet for as long as it stands." },
  maintenance: { name: "Maintenance", does: "Work on systems that makes noise, announced with its time." },
};

export type MuteStanding = "coming" | "running" | "over";

export const MUTE_STANDINGS: Readonly<Record<MuteStanding, { readonly name: string; readonly tone: "plain" | "accent" | "warn" }>> = {
  coming: { name: "To come", tone: "warn" },
  running: { name: "In force", tone: "accent" },
  over: { name: "Ended", tone: "plain" },
};

/** By the node's clock: findings are quiet that are received from `starts` until before `ends`. */
export function muteStanding(mute: Mute, now: Date): MuteStanding {
  if (mute.ends && new Date(mute.ends) <= now) return "over";
  return new Date(mute.starts) > now ? "coming" : "running";
}

/** What it makes quiet. `titles`: of rules, by id. */
export function aboutOf(mute: Mute, titles: ReadonlyMap<string, string>): string {
  const parts = [
    mute.rule && (titles.get(mute.rule) ?? `Rule ${mute.rule}`),
    mute.entity && `${KIND_WORDS[mute.entity.kind].toLowerCase()} ${mute.entity.name ?? "hidden from your role"}`,
    mute.source && `source ${mute.source}`,
    mute.fields.length > 0 && (mute.fields.length === 1 ? `${mute.fields[0]?.field} is ${mute.fields[0]?.value}` : many(mute.fields.length, "value")),
  ].filter((one) => typeof one === "string" && one !== "");
  const said = parts.length > 0 ? parts.join(", ") : `every finding${mute.site ? ` at ${mute.site}` : ""}`;
  return said.charAt(0).toUpperCase() + said.slice(1);
}

/** To the minute, or that it has no end. */
export function untilOf(mute: Mute): string {
  return mute.ends ? moment(mute.ends).slice(0, 16) : "no end";
}

export interface MuteDraft {
  readonly kind: MuteKind;
  readonly site: string;
  readonly rule: string;
  readonly entityKind: Schemas["EntityKind"];
  readonly entityName: string;
  readonly source: string;
  readonly fields: readonly Schemas["FieldValue"][];
  readonly starts: string | undefined;
  readonly ends: string | undefined;
  readonly reason: string;
}

/** What is missing, in a sentence; `undefined` when nothing is. The node checks all of it again. */
export function missingOf(draft: MuteDraft): string | undefined {
  const isBound = [draft.rule, draft.entityName, draft.source].some((text) => text.trim() !== "") || fieldsOf(draft).length > 0;
  if (draft.site === "") return "Choose a site.";
  if (!isBound && draft.kind !== "maintenance") return "Name a rule, whom it is about, a source or a value: nothing is quiet for everything.";
  if (draft.kind !== "exception" && !draft.ends) return "Only an exception has no end.";
  if (draft.ends && draft.starts && draft.ends <= draft.starts) return "It ends after it starts.";
  if (draft.reason.trim() === "") return "Say why.";
  return undefined;
}

export function givenOf(draft: MuteDraft): Schemas["MuteGiven"] {
  return {
    kind: draft.kind,
    site: draft.site,
    reason: draft.reason.trim(),
    fields: [...fieldsOf(draft)],
    ...(draft.rule.trim() ? { rule: draft.rule.trim() } : {}),
    ...(draft.entityName.trim() ? { entity: { kind: draft.entityKind, name: draft.entityName.trim() } } : {}),
    ...(draft.source.trim() ? { source: draft.source.trim() } : {}),
    ...(draft.starts ? { starts: draft.starts } : {}),
    ...(draft.ends ? { ends: draft.ends } : {}),
  };
}

function fieldsOf(draft: MuteDraft): readonly Schemas["FieldValue"][] {
  return draft.fields.map(({ field, value }) => ({ field: field.trim(), value: value.trim() })).filter(({ field, value }) => field !== "" && value !== "");
}
