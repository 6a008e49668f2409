import { expect, test } from "vitest";
import type { Finding } from "../../api/client";
import { curveOf, HALF_LIFE_MS, numbersOf, placedAt, roundUp, scoreAt, weighed, type Weighed } from "./risk";

const START = Date.UTC(2026, 2, 15);
const HOUR = 3_600_000;

function finding(seq: number, level: Finding["level"], hours: number, more: Partial<Finding> = {}): Finding {
  const time = new Date(START + hours * HOUR).toISOString();
  return { id: `f${seq}`, seq, group: "g", rule: "r", level, time, received: time, mute: null, ...more } as Finding;
}

const ofAll = (findings: readonly Finding[], loud: Record<string, number> = {}) => weighed(findings, numbersOf(findings, new Map(Object.entries(loud))));

test("a finding weighs by its level, and half of it after every three days", () => {
  const all = ofAll([finding(1, "high", 0)]);
  expect(scoreAt(all, START)).toBe(20);
  expect(scoreAt(all, START + HALF_LIFE_MS)).toBe(10);
  expect(scoreAt(all, START + 3 * HALF_LIFE_MS)).toBe(2.5);
  expect(scoreAt(all, START - 1)).toBe(0);
});

test("the n-th of a group weighs an n-th, whatever the order in which findings are given", () => {
  const findings = [finding(3, "high", 2), finding(1, "high", 0), finding(2, "high", 1)];
  expect(ofAll(findings).map((one) => one.weight)).toEqual([20, 10, 20 / 3]);
});

test("groups count on their own, informational findings weigh nothing", () => {
  const findings = [finding(1, "critical", 0), finding(2, "medium", 0, { group: "h" }), finding(3, "informational", 0, { group: "h" })];
  expect(scoreAt(ofAll(findings), START)).toBe(55);
});

test("what is suppressed neither weighs nor counts among the others", () => {
  const findings = [finding(1, "high", 0, { mute: 7 }), finding(2, "high", 0)];
  expect(ofAll(findings).map((one) => one.weight)).toEqual([20]);
});

test("findings of a group that are not there any more keep their numbers", () => {
  expect(ofAll([finding(9, "high", 0), finding(8, "high", 0)], { g: 4 }).map((one) => one.weight).sort()).toEqual([20 / 3, 5].sort());
});

test("a finding counts when its event was, but never after its receipt", () => {
  const received = "2026-03-15T10:00:00Z";
  expect(placedAt({ time: "2026-03-15T08:00:00Z", received })).toBe(Date.parse("2026-03-15T08:00:00Z"));
  expect(placedAt({ time: "2099-01-01T00:00:00Z", received })).toBe(Date.parse(received));
  expect(placedAt({ time: null, received })).toBe(Date.parse(received));
});

test("the curve is the score at each of its moments and jumps at each finding", () => {
  const all: Weighed[] = [
    { at: START - 30 * HOUR, weight: 50 },
    { at: START + 7 * HOUR + 11, weight: 20 },
    { at: START + 7 * HOUR + 11, weight: 5 },
    { at: START + 20 * HOUR, weight: 1 },
    { at: START + 90 * HOUR, weight: 50 },
  ];
  const curve = curveOf(all, START, START + 48 * HOUR);
  expect([curve.at[0], curve.at.at(-1)]).toEqual([START, START + 48 * HOUR]);
  curve.at.forEach((at, place) => expect(curve.score[place]).toBeCloseTo(scoreAt(all, at), 9));
  const jump = curve.at.indexOf(START + 7 * HOUR + 11);
  expect((curve.score[jump] ?? 0) - (curve.score[jump - 1] ?? 0)).toBeCloseTo(25, 5);
});

test("an axis ends at a round number", () => {
  expect([0, 0.4, 1, 29, 41, 95, 348, 400].map(roundUp)).toEqual([1, 1, 1, 40, 60, 100, 400, 400]);
});
