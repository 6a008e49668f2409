import { expect, test } from "vitest";
import { ago, bytes, count, many, span } from "./words";

test("counts are whole while they are short", () => {
  expect([count(0), count(12_345), count(325_114)]).toEqual(["0", "12,345", "325.1K"]);
  expect([many(1, "finding"), many(2, "finding"), many(2, "entry", "entries")]).toEqual(["1 finding", "2 findings", "2 entries"]);
});

test("bytes have the unit that leaves few digits", () => {
  expect([bytes(0), bytes(1023), bytes(1024), bytes(253 * 1024 * 1024)]).toEqual(["0 bytes", "1,023 bytes", "1.0 KiB", "253 MiB"]);
});

test("spans of time change their unit before they are hard to read", () => {
  expect([span(-3), span(89), span(90), span(5_400), span(172_800)]).toEqual(["0 s", "89 s", "2 min", "2 h", "2 d"]);
});

test("how long ago is told by the clock of the node", () => {
  const now = new Date("2026-03-18T20:00:00Z");
  expect([ago("2026-03-18T19:59:58Z", now), ago("2026-03-18T18:00:00Z", now), ago(null, now)]).toEqual(["just now", "2 h ago", "never"]);
});
