import { describe, expect, it } from "vitest";
import { tacticsFor, techniqueName } from "./attack";
import type { Rule } from "./catalogue";
import { matrix, sourceLines, standingOf } from "./coverage";
import { feeder, type Heard, type Verdict } from "./feeds";
import { TABLES } from "./tables";
import { documents } from "./text";

const RULE: Rule = {
  id: "a", title: "A", level: "low", author: "", license: "", link: "", description: "", tags: ["attack.impact", "attack.t1486"], false_positives: [], log_source: "windows/security", is_correlation: false,
  is_enabled: true, off_reason: "", findings: 2,
};
const findings = (rule: Rule) => rule.findings;
const fed = (verdicts: Record<string, Verdict>) => (rule: Rule) => verdicts[rule.id];
const SECURITY: Heard = { product: "Windows", log: "security", classUid: 3002, code: "", events: 7 };
const FEED = feeder({ heard: [SECURITY], isCut: false, isHealthOnly: false }, TABLES);

describe("columns", () => {
  it("are the fourteen tactics in their order, and what rules name beside them", () => {
    expect(tacticsFor(new Set()).map((one) => one.name)).toHaveLength(14);
    expect(tacticsFor(new Set(["impact", "inhibit response function", ""])).slice(-3).map((one) => one.name)).toEqual(["Impact", "Inhibit response function", "No tactic stated"]);
    const split = tacticsFor(new Set(["stealth", "defense impairment"])).map((one) => one.name);
    expect(split.slice(5, 9)).toEqual(["Privilege Escalation", "Stealth", "Defense Impairment", "Credential Access"]);
  });
});

describe("cells", () => {
  const cell = (rules: readonly Rule[], verdicts: Record<string, Verdict>) => matrix(rules, fed(verdicts), findings).find((one) => one.tactic.word === "impact")?.cells[0];

  it("hold a technique with its own sub-techniques, rules that are on, and findings", () => {
    const rules = [RULE, { ...RULE, id: "b", tags: ["attack.impact", "attack.t1486.001"], is_enabled: false, findings: 1 }];
    expect(cell(rules, { a: "heard" })).toMatchObject({ technique: "T1486", on: 1, deaf: 0, findings: 3, state: "fires" });
    expect(cell([RULE, { ...RULE, id: "b" }], { a: "heard", b: "silent" })).toMatchObject({ deaf: 1, state: "fires" });
  });

  it("could never fire only when that is certain of every rule that is on", () => {
    const rules = [RULE, { ...RULE, id: "b" }];
    expect(cell(rules, { a: "silent", b: "unread" })?.state).toBe("deaf");
    expect(cell(rules, { a: "silent", b: "untold" })?.state).toBe("unknown");
    expect(cell(rules, { a: "silent", b: "heard" })?.state).toBe("fires");
    expect(cell(rules, { a: "silent" })?.state).toBeUndefined();
    expect(cell([{ ...RULE, is_enabled: false }], { a: "heard" })?.state).toBe("off");
  });

  it("have names", () => {
    expect(techniqueName("T1486")).toBe("Data Encrypted for Impact");
    expect(techniqueName("T9999")).toBe("");
  });
});

describe("what a rule stands on", () => {
  const text = (type: string) => documents(`title: base\nname: base\nlogsource: {product: windows, service: security}\n---\ntitle: C\nid: c\ncorrelation:\n    type: ${type}\n    rules:\n        - base\n        - other\n`);
  const correlation = { ...RULE, id: "c", is_correlation: true, log_source: "" };
  const rules = new Map([["other", { ...RULE, id: "other", log_source: "zeek/conn" }]]);

  it("is its log source, or of a correlation those of its rules", () => {
    expect(standingOf(RULE, [], rules, FEED)).toEqual({ verdict: "heard", needsAll: false, parts: [{ words: "windows/security", feed: { verdict: "heard", events: 7, of: ["Windows security"] } }] });
    expect(standingOf(correlation, text("event_count"), rules, FEED)).toMatchObject({ verdict: "heard", needsAll: false });
    const both = standingOf(correlation, text("temporal"), rules, FEED);
    expect([both.verdict, both.needsAll, both.parts.map((part) => part.words)]).toEqual(["silent", true, ["windows/security", "zeek/conn"]]);
  });

  it("cannot be told when a rule that it refers to is not known", () => {
    expect(standingOf(correlation, text("temporal"), new Map(), FEED).verdict).toBe("untold");
    expect(standingOf(correlation, [], new Map(), FEED).verdict).toBe("untold");
  });
});

it("log sources from which nothing came stand first", () => {
  const lines = sourceLines([RULE, { ...RULE, id: "b", log_source: "zeek/conn" }, { ...RULE, id: "c", log_source: "zeek/conn", is_enabled: false }], FEED);
  expect(lines.map((line) => [line.words, line.on, line.feed?.verdict])).toEqual([["zeek/conn", 1, "silent"], ["windows/security", 1, "heard"]]);
});
