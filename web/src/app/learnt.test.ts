import { expect, test } from "vitest";
import type { Finding } from "../api/client";
import { sentenceOf, type Explanation } from "./explain";
import { isLearnt, partsOf } from "./learnt";

const rule = { id: "learn.account.sign_in" } as Explanation["rule"];
const matched = [
  { field: "new address", value: "203.0.113.177", pattern: "new; 2 of 40 hours before had a new one; adds 3.004 of 9.0 nats" },
  { field: "records", value: "412", pattern: "usual 9, peers at most 31; adds 4.9919999 of 9.0 nats" },
  { field: "refused before", value: "3", pattern: "adds 1e-3 of 9.0 nats" },
];

test("the parts of a learnt score are read with what they were held against, what adds most first", () => {
  expect(partsOf({ rule, matched })?.map(({ name, seen, normal, nats }) => [name, seen, normal, nats])).toEqual([
    ["records", "412", "usual 9, peers at most 31", 4.9919999],
    ["new address", "203.0.113.177", "new; 2 of 40 hours before had a new one", 3.004],
    ["refused before", "3", "", 0.001],
  ]);
});

test("shown parts sum to the shown score", () => {
  const shown = partsOf({ rule, matched })?.map((part) => Math.round(part.shown * 100)) ?? [];
  expect(shown.reduce((sum, one) => sum + one, 0)).toBe(800);
});

test("findings of rules, and what cannot be read, have no parts", () => {
  expect(partsOf({ rule: { ...rule, id: "5f0c" }, matched })).toBeUndefined();
  expect(partsOf({ rule, matched: [{ field: "x", value: "1", pattern: "*" }] })).toBeUndefined();
  expect([isLearnt("learn.risk"), isLearnt("learning")]).toEqual([true, false]);
});

test("a learnt finding is told in the node's own sentence and nothing is added to it", () => {
  const told = "412 records in an hour; usual 9, peers at most 31.";
  const origin = { kind: "correlation", told, group: [{ field: "user", value: "m.linnet" }], window_start: 0, window_end: 3_000_000_000 };
  expect(sentenceOf({ explanation: { rule, matched, events: [], origin } } as unknown as Finding)).toBe(told);
});
