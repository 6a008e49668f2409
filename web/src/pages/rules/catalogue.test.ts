import { describe, expect, it } from "vitest";
import { facetsOf, listed, offWords, techniques, type Rule } from "./catalogue";

const RULE: Rule = {
  id: "a", title: "Alpha", level: "low", author: "Ann", license: "", link: "", description: "", tags: [], false_positives: [], log_source: "windows/security", is_correlation: false,
  is_enabled: true, off_reason: "", findings: 0,
};
const RULES: readonly Rule[] = [
  RULE,
  { ...RULE, id: "b", title: "Beta", level: "critical", tags: ["attack.impact", "attack.t1486", "attack.t1486", "attack.t1021.002"], log_source: "record_access" },
  { ...RULE, id: "c", title: "Gamma", level: "critical", findings: 3, tags: ["attack.impact", "attack.initial-access"], log_source: "", is_correlation: true, is_enabled: false },
  { ...RULE, id: "d", title: "Delta", log_source: "", is_enabled: false, off_reason: "left off by the profile: noise" },
];
const findings = (rule: Rule) => rule.findings;
const nothing = () => null;
const choose = (chosen: Record<string, string>) => (field: string) => chosen[field] ?? null;

describe("the list", () => {
  it("has the worst first, then those that found something, then by title", () => {
    expect(listed(RULES, "", nothing, findings).map((rule) => rule.id)).toEqual(["c", "b", "a", "d"]);
  });

  it("holds every word that is typed, wherever it stands", () => {
    const of = (words: string) => listed(RULES, words, nothing, findings).map((rule) => rule.id);
    expect(of("windows alpha")).toEqual(["a"]);
    expect(of("t1486")).toEqual(["b"]);
    expect(of("alpha t1486")).toEqual([]);
  });

  it("narrows by what is chosen", () => {
    const of = (chosen: Record<string, string>) => listed(RULES, "", choose(chosen), findings).map((rule) => rule.id);
    expect(of({ tactic: "impact", state: "on" })).toEqual(["b"]);
    expect(of({ at: "correlation" })).toEqual(["c"]);
    expect(of({ at: "unread" })).toEqual(["d"]);
    expect(of({ found: "yes" })).toEqual(["c"]);
  });
});

describe("facets", () => {
  it("count what fits otherwise, so that the choice of a field can be changed", () => {
    const facets = facetsOf(RULES, "", choose({ level: "critical" }), findings);
    const values = (field: string) => facets.find((one) => one.field === field)?.values.map((one) => `${one.value} ${one.count}`);
    expect(values("level")).toEqual(["critical 2", "low 2"]);
    expect(values("state")).toEqual(["off 1", "on 1"]);
    expect(values("tactic")).toEqual(["impact 2", "initial access 1"]);
    expect(values("source")).toBeUndefined();
  });

  it("show log sources in full once it is chosen what is looked at", () => {
    const facets = facetsOf(RULES, "", choose({ at: "windows" }), findings);
    expect(facets.find((one) => one.field === "source")?.values).toEqual([{ value: "windows/security", label: "windows/security", count: 1 }]);
  });
});

it("techniques come once each", () => {
  expect(techniques(RULES[1] ?? RULE)).toEqual(["T1486", "T1021.002"]);
});

it("why a rule is off is a sentence", () => {
  expect(offWords({ ...RULE, off_reason: "left off by the profile: noise" })).toBe("Left off by the profile: noise.");
  expect(offWords(RULE)).toBe("It is switched off.");
});
