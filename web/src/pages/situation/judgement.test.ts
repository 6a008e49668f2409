import { expect, test } from "vitest";
import type { Group, Schemas } from "../../api/client";
import { earliestOf, judge, mattering, storiesOf, type Known } from "./judgement";

function counts(level: Schemas["Level"], count: number, state: Schemas["GroupState"] = "open") {
  return [{ level, state, count }];
}

const heard = { is_silent: false, drops: {} } as Schemas["Source"];
const silent = { ...heard, is_silent: true };
const known: Known = { counts: [], sources: [heard], parts: [] };

test("when nothing is open and everything is heard, all is calm", () => {
  expect(judge(known)).toEqual({ mood: "calm", sentence: "Nothing that matters is open. The one source is heard.", next: "Nothing has to be done now." });
});

test("one critical finding that nobody has taken asks to act", () => {
  const now = judge({ ...known, counts: counts("critical", 1) });
  expect([now.mood, now.sentence]).toEqual(["act", "1 critical finding is open and nobody has taken it. The one source is heard."]);
});

test("what somebody has taken or closed does not alarm anybody else", () => {
  expect(judge({ ...known, counts: [...counts("critical", 3, "acknowledged"), ...counts("high", 2, "closed")] }).mood).toBe("calm");
});

test("a silent source is looked at, even when nothing is found", () => {
  const now = judge({ ...known, sources: [heard, silent] });
  expect([now.mood, now.sentence]).toEqual(["look", "Nothing that matters is open. 1 source of 2 is silent."]);
});

test("a node that nothing sends to is not calm, for it sees nothing", () => {
  const now = judge({ ...known, sources: [] });
  expect([now.mood, now.sentence]).toEqual(["look", "Nothing can be found yet. No source sends anything yet."]);
  expect(judge({ ...known, sources: undefined }).mood).toBe("calm");
});

test("what was not kept is said", () => {
  expect(judge({ ...known, sources: [{ ...heard, drops: { full: 3 } }, heard] }).sentence).toContain("of 1 source not everything was kept");
});

test("a failed part of the node comes before every finding", () => {
  const parts = [{ name: "disk", state: "failed", detail: "no room" }] as const;
  expect(judge({ ...known, counts: counts("critical", 1), parts }).sentence).toMatch(/^Cordon itself does not work as it should: disk\./);
});

test("notes for the record are listed only when nothing worse is there", () => {
  const group = (level: string) => ({ level }) as Group;
  expect(mattering([group("high"), group("low")])).toHaveLength(1);
  expect(mattering([group("low"), group("informational")])).toHaveLength(2);
});

function group(id: string, name: string | null, level: Schemas["Level"], first: string, last = first): Group {
  return { id, level, state: "open", first, last, entity: { kind: "user", name } } as Group;
}

test("what is about one and the same is one line, in the order of the worst", () => {
  const groups = [group("a", "x", "critical", "03", "05"), group("b", "y", "high", "04"), group("c", "x", "medium", "01", "02")];
  expect(storiesOf(groups).map(({ worst, ...rest }) => ({ worst: worst.id, ...rest }))).toEqual([
    { worst: "a", count: 2, first: "01", last: "05" },
    { worst: "b", count: 1, first: "04", last: "04" },
  ]);
});

test("whose names may not be seen are not put together", () => {
  expect(storiesOf([group("a", null, "high", "01"), group("b", null, "high", "02")])).toHaveLength(2);
});

test("the earliest is one of the critical and high ones that nobody has taken", () => {
  const taken = { ...group("d", "z", "critical", "00"), state: "acknowledged" } as Group;
  expect(earliestOf([taken, group("a", "x", "critical", "03"), group("b", "y", "high", "02"), group("c", "x", "medium", "01")])?.id).toBe("b");
  expect(earliestOf([group("c", "x", "medium", "01")])).toBeUndefined();
});
