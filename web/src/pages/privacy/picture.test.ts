import { expect, test } from "vitest";
import type { Access } from "./incidents";
import { barsOf, LANES_MAX, lanesOf } from "./picture";

test("each bar begins where the one before ended, and the score is that of the sum", () => {
  const { bars, total, even, score } = barsOf([{ name: "before evidence", nats: -4 }, { name: "Relation", nats: 6 }, { name: "Counter", nats: -1 }]);
  expect(total).toBe(1);
  expect(score).toBeCloseTo(1 / (1 + Math.exp(-1)), 12);
  expect(even).toBeCloseTo(4 / 6, 12);
  expect(bars.map(({ from, to, isFor }) => [from, to, isFor])).toEqual([[0, 4 / 6, false], [0, 1, true], [5 / 6, 1, false]]);
});

test("a score without parts has an empty picture and even odds", () => {
  expect(barsOf([])).toEqual({ bars: [], total: 0, even: 0, score: 0.5 });
});

function access(time: string, patient: string, more: Partial<Access> = {}): Access {
  return { event_id: time + patient, time, patient_ref: patient, action: "read", section: "", source: "ehr", workstation: "WS1", break_glass: false, explanation: [], ...more };
}

test("accesses stand in a lane for each record, those near each other as one dot with their number", () => {
  const lanes = lanesOf([access("2026-03-18T12:00:00Z", "p-b"), access("2026-03-18T10:00:00Z", "p-a"), access("2026-03-18T10:00:05Z", "p-a"), access("2026-03-18T10:00:06Z", "p-a", { break_glass: true })]);
  expect(lanes?.lanes).toEqual(["p-a", "p-b"]);
  expect(lanes?.dots.map(({ lane, count, isBreakGlass }) => [lane, count, isBreakGlass])).toEqual([[0, 2, false], [0, 1, true], [1, 1, false]]);
  for (const dot of lanes?.dots ?? []) expect(dot.x > 0 && dot.x < 1).toBe(true);
});

test("records beyond the room share the last lane", () => {
  const lanes = lanesOf(Array.from({ length: 20 }, (_, place) => access(`2026-03-18T${String(place).padStart(2, "0")}:00:00Z`, `p-${place}`)));
  expect(lanes?.lanes.length).toBe(LANES_MAX);
  expect(lanes?.lanes.at(-1)).toBeNull();
  expect(Math.max(...(lanes?.dots.map((dot) => dot.lane) ?? []))).toBe(LANES_MAX - 1);
});

test("one access alone has a picture too, and none has none", () => {
  expect(lanesOf([access("2026-03-18T10:00:00Z", "p-a")])?.dots[0]?.x).toBeCloseTo(0.5, 6);
  expect(lanesOf([])).toBeUndefined();
});
