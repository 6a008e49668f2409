import { expect, test } from "vitest";
import type { Decision, Review } from "./incidents";
import { countsAs, left, lessons, moves, percent, proofOf, reasons, requestText, reviewSentences, scenario, scoreText, strength } from "./words";

const REVIEW: Review = {
  ran: "2026-03-18T20:00:00Z", from: "2026-02-16T00:00:00Z", until: "2026-03-18T00:00:00Z", accesses: 62_114, explained: 60_934, unexplained: 966, withheld: 214, by_reason: {},
  silences: [{ feed: "orders", from: "2026-03-10T06:00:00Z", until: "2026-03-10T12:00:00Z", words: "36 of about 2305 rows came" }], cases: 7, withdrawn: 2, took_ms: 9_000,
};
const clock = (at: string) => at.slice(0, 16);

test("a review says how many accesses have a reason, how many none that was found, and which cannot be judged because of what", () => {
  expect(reviewSentences(REVIEW, clock)).toEqual([
    "62,114 accesses in 30 days; for 98.1 % a reason was found in the data.",
    "For 966 no reason was found in the data; only what several signs speak against becomes a case.",
    "214 cannot be judged yet, because orders were silent from 2026-03-10T06:00 to 2026-03-10T12:00 (36 of about 2305 rows came). They open no case, and nobody is told of them.",
    "7 cases came of it; 2 were withdrawn, because data that came late gives a reason.",
  ]);
});

test("a review of one access with everything explained says no more than that", () => {
  const review = { ...REVIEW, from: "2026-03-17T00:00:00Z", accesses: 1, explained: 1, unexplained: 0, withheld: 0, silences: [], cases: 0, withdrawn: 0 };
  expect(reviewSentences(review, clock)).toEqual(["1 access in one day; for 100.0 % a reason was found in the data.", "No case is open from it."]);
});

test("a review of nothing says that nothing could be judged", () => {
  expect(reviewSentences({ ...REVIEW, accesses: 0 }, clock)).toEqual(["No access was received from 2026-02-16T00:00 to 2026-03-18T00:00, so nothing could be judged."]);
});

test("beyond two, silences are counted", () => {
  const [silence] = REVIEW.silences;
  const silences = [silence, { ...silence, feed: "the roster" }, silence, silence] as Review["silences"];
  expect(reviewSentences({ ...REVIEW, silences }, clock)[2]).toContain("the roster was silent from 2026-03-10T06:00 to 2026-03-10T12:00 (36 of about 2305 rows came), and 2 more.");
});

test("a share that is not all is never shown as all, and one that is not nothing never as nothing", () => {
  expect([percent(999_999, 1_000_000), percent(5, 5), percent(1, 1_000_000), percent(0, 9), percent(0, 0)]).toEqual(["99.9 %", "100.0 %", "0.1 %", "0.0 %", "0.0 %"]);
});

test("no text of a case says that there was no reason, that somebody is guilty, or names a patient", () => {
  const facts = { accesses: 4, patients: 2, first: "2026-03-18T19:00:00Z", last: "2026-03-18T21:00:00Z" };
  const texts = [requestText("employee", facts, clock), requestText("manager", facts, clock), reasons([]), ...reviewSentences(REVIEW, clock)].join(" ");
  expect(texts).not.toMatch(/without a reason|guilty|snoop|suspect|culprit|offender/i);
  expect(texts).not.toMatch(/\bp-[0-9a-f]+/);
  expect(reasons([])).toBe("no reason found in the data");
});

test("a request says how much was opened and when, once where it was one moment", () => {
  const one = { accesses: 1, patients: 1, first: "2026-03-18T19:00:00Z", last: "2026-03-18T19:00:00Z" };
  expect(requestText("employee", one, clock)).toMatch(/^Your account opened one patient record on 2026-03-18T19:00\./);
  expect(requestText("manager", { ...one, accesses: 3, patients: 2, last: "2026-03-18T20:00:00Z" }, clock)).toMatch(/opened 2 patient records \(3 accesses\) between 2026-03-18T19:00 and 2026-03-18T20:00\./);
});

test("scenarios and reasons have words; an unknown one stands as it is", () => {
  expect([scenario("S2"), scenario("S99"), reasons(["E1", "X"])]).toEqual(["S2 neighbour", "S99", "takes part in the care; X"]);
});

const DECISION: Decision = {
  case: "c-1", title: "m.linnet", scenario: "S2", verdict: "unfounded", by: "olga", decided: "2026-03-18T19:00:00Z", standing: "counts", weight: 1, scenario_nats: -0.25, until: null, taken_back_by: null, revision: 3,
};

test("verdicts are told by scenario, those that move most first", () => {
  const some = [DECISION, { ...DECISION, scenario: "S10", scenario_nats: 0.1 }, { ...DECISION, case: "c-2" }, { ...DECISION, scenario: "S16", scenario_nats: 0 }, { ...DECISION, scenario: "S4", scenario_nats: 0.1 }];
  expect(lessons(some).map((one) => [one.scenario, one.decisions.length])).toEqual([["S2", 2], ["S4", 1], ["S10", 1], ["S16", 1]]);
});

test("what verdicts do is a number of times and of nats, and nothing where it is nothing", () => {
  expect([-0.25, 0.4, 0.004].map(moves)).toEqual(["later cases weigh 1.28 times less (−0.25 nats)", "later cases weigh 1.49 times as much (+0.40 nats)", "moves nothing"]);
  const counted = [DECISION, { ...DECISION, weight: 0.5 }, { ...DECISION, standing: "taken_back" as const, taken_back_by: "paul" }, { ...DECISION, standing: "over" as const }];
  expect(counted.map(countsAs)).toEqual(["counts in full", "counts as 0.50 of a verdict", "taken back by paul", "over: older than 1,080 days"]);
});

test("a score has a word that grows with it", () => {
  expect([0.1, 0.4, 0.7, 0.9].map(strength)).toEqual(["Weak", "Moderate", "Strong", "Very strong"]);
});

test("a score that is not certain is never shown as certain, nor one that is not nothing as nothing", () => {
  expect([0.9998, 0.994, 0.361, 0.001, 0, 1].map(scoreText)).toEqual(["> 0.99", "0.99", "0.36", "< 0.01", "0.00", "1.00"]);
});

test("a deadline says what is left, that it is near, and by how much it is over", () => {
  const now = new Date("2026-03-18T20:00:00Z");
  expect(left("2026-05-17T20:00:00Z", now)).toEqual({ says: "60 d left", tone: "plain" });
  expect(left("2026-03-20T13:00:00Z", now)).toEqual({ says: "41 h left", tone: "warn" });
  expect(left("2026-03-16T20:00:00Z", now)).toEqual({ says: "2 d over", tone: "bad" });
});

test("a proof is an event of the node or a row of a file", () => {
  expect(proofOf("event:018f-22")).toEqual({ kind: "event", id: "018f-22" });
  expect(proofOf("staff.csv:12")).toEqual({ kind: "row", text: "staff.csv, row 12" });
  expect(proofOf("something")).toEqual({ kind: "row", text: "something" });
});
