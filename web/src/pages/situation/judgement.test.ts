import { expect, test } from "vitest";
import type { Schemas } from "../../api/client";
import { judge, type Known } from "./judgement";

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
