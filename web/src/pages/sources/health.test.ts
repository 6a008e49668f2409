import { describe, expect, it } from "vitest";
import { factsOf, lagWords, pollOf, ratesOf, rateWords, reasonOf, sentence, stateOf, tally, type Source } from "./health";

const SOURCE: Source = {
  id: "ehr", site: "main", listener: "http", sender: "ehr", format: "", is_declared: true, is_care: false, is_silent: false, events_per_second_max: 0, silence_seconds: 0,
  records: 100, bytes: 1000, received_last: "2026-03-18T18:00:00Z", event_last: null, lag_seconds: null, drops: {},
};

describe("the state of a source", () => {
  it("is the worst that is true of it", () => {
    expect(stateOf(SOURCE)).toBe("heard");
    expect(stateOf({ ...SOURCE, drops: { overload: 0 } })).toBe("heard");
    expect(stateOf({ ...SOURCE, drops: { overload: 2 } })).toBe("lossy");
    expect(stateOf({ ...SOURCE, received_last: null })).toBe("never");
    expect(stateOf({ ...SOURCE, received_last: null, is_silent: true })).toBe("silent");
    expect(stateOf({ ...SOURCE, drops: { overload: 2 }, is_silent: true })).toBe("silent");
  });

  it("is said of all in one sentence", () => {
    const of = (...sources: Partial<Source>[]) => sentence(tally(sources.map((one) => ({ ...SOURCE, ...one }))));
    expect(of()).toBe("Nothing sends to this node yet.");
    expect(of({})).toBe("The only source is heard, and all it sent was kept.");
    expect(of({}, {})).toBe("Both sources are heard, and all they sent was kept.");
    expect(of({}, {}, {})).toBe("All 3 sources are heard, and all they sent was kept.");
    expect(of({ is_silent: true })).toBe("The only source is silent.");
    expect(of({}, { is_silent: true }, { received_last: null }, { drops: { kernel: 1 } })).toBe("Of 4 sources 1 is silent, 1 was never heard and of 1 not all was kept.");
  });
});

describe("rates", () => {
  it("come from two polls, and a count that began anew is no negative rate", () => {
    const first = pollOf([SOURCE, { ...SOURCE, id: "b", records: 50 }], 1_000);
    const last = pollOf([{ ...SOURCE, records: 150 }, { ...SOURCE, id: "b", records: 10 }, { ...SOURCE, id: "new", records: 9 }], 11_000);
    expect([...ratesOf(first, last)]).toEqual([["ehr", 5], ["b", 0]]);
    expect(ratesOf(first, first).size).toBe(0);
  });

  it("are short", () => {
    expect([undefined, 0, 0.01, 0.26, 12.4, 4321].map(rateWords)).toEqual(["", "0/s", "< 0.1/s", "0.3/s", "12/s", "4,321/s"]);
  });
});

it("a lag may be ahead when the sender's clock is", () => {
  expect([null, -120, 0, 1, 90].map(lagWords)).toEqual(["", "2 min ahead", "none", "none", "2 min"]);
});

it("every reason of the node has words, and one that is not known stands as it is", () => {
  for (const word of ["overload", "rate_limit", "too_long", "malformed", "unwritable", "kernel"]) expect(reasonOf(word).means).not.toContain("does not know");
  expect(reasonOf("solar_wind").name).toBe("solar wind");
});

it("care is said with what it means", () => {
  const said = (source: Source) => factsOf(source).find((fact) => fact.title === "Care")?.text;
  expect(said({ ...SOURCE, is_care: true })).toContain("never waits");
  expect(said(SOURCE)).toContain("waits rather than loses");
});
