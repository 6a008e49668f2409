import { describe, expect, it } from "vitest";
import { shareOf } from "../../app/job.svelte";
import { countsOf, isOfStore, latestOf, verdictOf, type Job, type StoreKind } from "./jobs";

const job = (parts: Partial<Job> = {}): Job & { kind: StoreKind } => ({ id: 1, kind: "verify", owner: "anna", started: "2026-03-18T12:00:00Z", state: "done", done: 5, total: 10, counts: [], notes: [], events: [], matches: [], ...parts }) as Job & { kind: StoreKind };

describe("jobs of the store", () => {
  it.each([
    [{}, "good", "The store is whole: everything is as it was written."],
    [{ counts: [{ name: "faults", count: 1 }], notes: ["log: frame 3 is gone"] }, "bad", "1 thing is not as it was written."],
    [{ counts: [{ name: "faults", count: 2 }] }, "bad", "2 things are not as they were written."],
    [{ state: "failed", notes: ["no room"] }, "bad", "It could not be done."],
    [{ state: "cancelled" }, "warn", "It was cancelled: what was read until then proves nothing of the rest."],
    [{ state: "running" }, "plain", "It runs."],
    [{ kind: "thaw" }, "good", "The moment is given up, and its disk is free."],
  ] as [Partial<Job>, string, string][])("%j", (parts, tone, says) => {
    const verdict = verdictOf(job(parts));
    expect([verdict.tone, verdict.says]).toEqual([tone, says]);
  });

  it("tell faults from notes", () => {
    const verdict = verdictOf(job({ notes: ["tables: a.parquet is gone", "note: 3 files have no digest"] }));
    expect([verdict.faults, verdict.notes]).toEqual([["tables: a.parquet is gone"], ["3 files have no digest"]]);
  });

  it("know their share only where there is a whole", () => {
    expect([shareOf(job()), shareOf(job({ total: 0 })), shareOf(job({ done: 12 }))]).toEqual([0.5, null, 1]);
  });

  it("count by part of the store", () => {
    expect(countsOf(job({ counts: [{ name: "faults", count: 0 }, { name: "log_records", count: 4 }, { name: "across_rows_not_compared", count: 0 }, { name: "state_audit_rows", count: 2 }] }))).toEqual([
      { part: "Log", counts: [{ name: "records", count: 4 }] },
      { part: "State", counts: [{ name: "audit rows", count: 2 }] },
    ]);
  });

  it("are the newest proof and the newest of a frozen moment, and no other jobs", () => {
    const jobs = [job({ id: 1 }), job({ id: 4, kind: "thaw" }), job({ id: 2, kind: "freeze" }), job({ id: 3 }), job({ id: 9, kind: "backfill" })];
    expect(latestOf(jobs).map((one) => one.id)).toEqual([3, 4]);
    expect(isOfStore(job({ kind: "backfill" }))).toBe(false);
  });
});
