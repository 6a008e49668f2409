import { expect, test } from "vitest";
import { rangeOf } from "./range";

const now = new Date("2026-03-18T20:00:00Z");

test("a word moves with the clock", () => {
  expect(rangeOf(new URLSearchParams("range=24h"), now)).toEqual({ from: "2026-03-17T20:00:00.000Z", until: undefined });
});

test("two moments stay where they are", () => {
  expect(rangeOf(new URLSearchParams("from=2026-03-01T00:00:00Z&until=2026-03-02T00:00:00%2B01:00"), now)).toEqual({ from: "2026-03-01T00:00:00.000Z", until: "2026-03-01T23:00:00.000Z" });
});

test("what is no moment is everything, not an error", () => {
  expect(rangeOf(new URLSearchParams("from=yesterday&range=2y"), now)).toEqual({ from: undefined, until: undefined });
});
