import { expect, test } from "vitest";
import type { Finding } from "../../api/client";
import { groupsIn, marksOf } from "./marks";

const span = { from: Date.UTC(2026, 2, 18), until: Date.UTC(2026, 2, 19) };

function finding(hour: number, level: Finding["level"], group: string, mute: number | null = null): Finding {
  const time = new Date(span.from + hour * 3_600_000).toISOString();
  return { id: `${group}${hour}`, seq: hour, level, group, mute, time, received: time } as Finding;
}

test("findings close to each other are one mark with the worst level", () => {
  const marks = marksOf([finding(1, "low", "a"), finding(1.5, "critical", "b"), finding(20, "medium", "c")], span, 12);
  expect(marks.map(({ level, count }) => [level, count])).toEqual([["critical", 2], ["medium", 1]]);
  expect(marks[0]?.last).toBe(span.from + 1.5 * 3_600_000);
  expect(marks[0]?.place).toBeCloseTo(1.25 / 24);
});

test("marks keep room for each other", () => {
  const findings = Array.from({ length: 90 }, (_, place) => finding(place / 4, "low", `g${place}`));
  const marks = marksOf(findings, span, 12);
  expect(marks.reduce((sum, mark) => sum + mark.count, 0)).toBe(90);
  marks.slice(1).forEach((mark, place) => expect(mark.place - (marks[place]?.place ?? 0)).toBeGreaterThanOrEqual(1 / 12 - 1e-9));
});

test("what is suppressed or outside has no mark", () => {
  expect(marksOf([finding(-1, "high", "a"), finding(24, "high", "b"), finding(3, "high", "c", 4)], span, 12)).toEqual([]);
});

test("a stretch names each group once, the worst first", () => {
  const found = groupsIn([finding(2, "low", "a"), finding(3, "low", "a"), finding(4, "high", "b"), finding(9, "critical", "c")], { from: span.from, until: span.from + 5 * 3_600_000 });
  expect(found.map((one) => one.group)).toEqual(["b", "a"]);
});
