import { expect, test } from "vitest";
import type { Group, Schemas } from "../../api/client";
import { earliestOf, leastOf, stepsOf, type Story } from "./stories";

const group = (id: string, level: Schemas["Level"], first: string, last = first): Group => ({ id, level, first, last, state: "open" }) as Group;
const story = (began: Group, worst = began, latest = worst): Story => ({ began, worst, latest, groups: 1, findings: 1, entities: [], entities_total: 0 });

test("a story is told from where it began to the latest, each group once", () => {
  const [a, b, c] = [group("a", "medium", "18:53"), group("b", "critical", "20:10", "20:30"), group("c", "high", "20:20", "21:00")];
  const told = (one: Story) => stepsOf(one).map(({ word, group: { id }, at }) => `${word} ${id} ${at}`);
  expect(told(story(a, b, c))).toEqual(["Began a 18:53", "Worst b 20:10", "Latest c 21:00"]);
  expect(told(story(a, b))).toEqual(["Began a 18:53", "Worst b 20:10"]);
  expect(told(story(b, b, c))).toEqual(["Began b 20:10", "Latest c 21:00"]);
  expect(told(story(b))).toEqual(["Began b 20:10"]);
});

test("the earliest is where something critical or high began that nobody has taken", () => {
  const taken = { ...group("d", "critical", "00"), state: "acknowledged" } as Group;
  expect(earliestOf([story(taken), story(group("a", "low", "02"), group("x", "critical", "05")), story(group("b", "high", "03")), story(group("c", "medium", "01"))])?.id).toBe("a");
  expect(earliestOf([story(group("c", "medium", "01"))])).toBeUndefined();
});

test("notes make stories only when nothing worse is open", () => {
  const count = (level: Schemas["Level"], state: Schemas["GroupState"]) => [{ level, state, count: 1 }];
  expect([leastOf(count("medium", "acknowledged")), leastOf(count("critical", "closed")), leastOf([])]).toEqual(["medium", "informational", "informational"]);
});
