import { expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { leftOut, outcomeOf } from "./jobs";

type Job = Schemas["Job"];
const job = (parts: Partial<Job>, counts: Record<string, number> = {}): Job => ({
  id: 1, kind: "test_rule", owner: "ann", started: "2026-03-18T18:00:00Z", state: "done", done: 1, total: 1, notes: [], events: [], matches: [],
  counts: Object.entries(counts).map(([name, count]) => ({ name, count })), ...parts,
});

it("a test says what it found and that nothing was kept", () => {
  expect(outcomeOf(job({}, { findings: 1, events: 12_000, milliseconds: 4_200 }))).toBe("1 finding among 12,000 events in 4 s. Nothing was kept.");
  expect(outcomeOf(job({ state: "cancelled" }, { events: 1 }))).toBe("It was cancelled. Until then: Nothing was found among 1 event in 0 s. Nothing was kept.");
  expect(outcomeOf(job({ state: "failed" }))).toBe("It could not be done.");
});

it("a backfill tells new findings from known ones", () => {
  expect(outcomeOf(job({ kind: "backfill" }, { findings_new: 2, findings_known: 1, events: 10, milliseconds: 90_000 }))).toBe("2 new findings, and 1 that was known already, among 10 events in 2 min.");
  expect(outcomeOf(job({ kind: "backfill" }, { events: 10 }))).toBe("No new finding, among 10 events in 0 s.");
});

it("a list that is not whole says so", () => {
  const match = { rule: "a", events: [], time: null, received: "2026-03-18T18:00:00Z", source: "s", sentence: "x" };
  expect(leftOut(job({ matches: Array.from({ length: 100 }, () => match) }, { findings: 250 }))).toBe("The first 100 of 250.");
  expect(leftOut(job({ matches: [match] }, { findings: 1 }))).toBe("");
});
