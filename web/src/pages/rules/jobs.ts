/** What tests of rules and backfills came to, in words. */

import type { Schemas } from "../../api/client";
import { count, many, span } from "../../app/words";

type Job = Schemas["Job"];

const TITLES: Readonly<Record<string, string>> = { test_rule: "Test against stored events", backfill: "Run back over history", judge_history: "Judging imported history" };

export function jobTitle(job: Job): string {
  return TITLES[job.kind] ?? "Work of the node";
}

export function jobCount(job: Job, name: string): number {
  return job.counts.find((one) => one.name === name)?.count ?? 0;
}

/** Most matches that a test lists (`docs/specs/backfill.md`). */
const MATCHES_MAX = 100;

/** One sentence for what it came to. */
export function outcomeOf(job: Job): string {
  if (job.state === "failed") return "It could not be done.";
  const looked = `${many(jobCount(job, "events"), "event")} in ${span(jobCount(job, "milliseconds") / 1000)}`;
  const early = job.state === "cancelled" ? "It was cancelled. Until then: " : "";
  if (job.kind === "test_rule") {
    const found = jobCount(job, "findings");
    return `${early}${found === 0 ? "Nothing was found" : many(found, "finding")} among ${looked}. Nothing was kept.`;
  }
  const [fresh, known] = [jobCount(job, "findings_new"), jobCount(job, "findings_known")];
  const old = known > 0 ? `, and ${count(known)} that ${known === 1 ? "was" : "were"} known already` : "";
  return `${early}${fresh === 0 ? "No new finding" : many(fresh, "new finding")}${old}, among ${looked}.`;
}

/** That not all matches are listed. */
export function leftOut(job: Job): string {
  const found = jobCount(job, "findings");
  return found > job.matches.length && job.matches.length >= MATCHES_MAX ? `The first ${count(job.matches.length)} of ${count(found)}.` : "";
}

/** Spans that can be looked back over, in days. */
export const SPANS: readonly { readonly days: number; readonly name: string }[] = [
  { days: 1, name: "the last day" },
  { days: 7, name: "the last 7 days" },
  { days: 30, name: "the last 30 days" },
  { days: 90, name: "the last 90 days" },
];

export function daysBefore(now: Date, days: number): string {
  return new Date(now.getTime() - days * 86_400_000).toISOString();
}
