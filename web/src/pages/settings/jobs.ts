/** Jobs of the store in words: proofs, and moments frozen for a backup. Pure. */

import type { Schemas } from "../../api/client";
import { many } from "../../app/words";

export type Job = Schemas["Job"];
export type StoreKind = "verify" | "freeze" | "thaw";

export const STORE_JOBS: Readonly<Record<StoreKind, string>> = { verify: "Proof of the store", freeze: "Freezing a moment", thaw: "Giving the moment up" };

export function isOfStore(job: Job): job is Job & { kind: StoreKind } {
  return job.kind in STORE_JOBS;
}

export interface Verdict {
  readonly tone: "good" | "bad" | "warn" | "plain";
  readonly says: string;
  /** What does not fit, each in a sentence. */
  readonly faults: readonly string[];
  /** What is no fault. */
  readonly notes: readonly string[];
}

const NOTE = "note: ";

/** What a job came to. */
export function verdictOf(job: Job & { kind: StoreKind }): Verdict {
  const faults = job.notes.filter((note) => !note.startsWith(NOTE));
  const notes = job.notes.filter((note) => note.startsWith(NOTE)).map((note) => note.slice(NOTE.length));
  const with_ = (tone: Verdict["tone"], says: string): Verdict => ({ tone, says, faults, notes });
  if (job.state === "running") return with_("plain", "It runs.");
  if (job.state === "failed") return with_("bad", "It could not be done.");
  if (job.state === "cancelled") return with_("warn", job.kind === "verify" ? "It was cancelled: what was read until then proves nothing of the rest." : "It was cancelled.");
  if (job.kind === "freeze") return with_("good", "A moment is frozen. Copy it, then give it up.");
  if (job.kind === "thaw") return with_("good", "The moment is given up, and its disk is free.");
  const count = job.counts.find((one) => one.name === "faults")?.count ?? faults.length;
  return count === 0 ? with_("good", "The store is whole: everything is as it was written.") : with_("bad", `${many(count, "thing")} ${count === 1 ? "is" : "are"} not as ${count === 1 ? "it was" : "they were"} written.`);
}

const PARTS: Readonly<Record<string, string>> = { log: "Log", evidence: "Original records", tables: "Event tables", state: "State", across: "Across parts" };

/** Counts of a proof by part, in the order of the proof: `log_records` is `records` of the log. Zeros say nothing. */
export function countsOf(job: Job): readonly { readonly part: string; readonly counts: readonly { readonly name: string; readonly count: number }[] }[] {
  if (job.kind !== "verify") return [];
  return Object.entries(PARTS).flatMap(([word, part]) => {
    const counts = job.counts.filter((one) => one.name.startsWith(`${word}_`) && one.count > 0).map((one) => ({ name: one.name.slice(word.length + 1).replaceAll("_", " "), count: one.count }));
    return counts.length > 0 ? [{ part, counts }] : [];
  });
}

/** The newest proof, and what last became of a frozen moment. */
export function latestOf(jobs: readonly Job[]): (Job & { kind: StoreKind })[] {
  const newest = (kinds: readonly StoreKind[]) => jobs.filter(isOfStore).filter((job) => kinds.includes(job.kind)).sort((one, other) => other.id - one.id).slice(0, 1);
  return [...newest(["verify"]), ...newest(["freeze", "thaw"])];
}
