import { expect, it } from "vitest";
import { amongThese, bare, batchSize, BATCH_MAX, joined, rowOf, span, type LiveEvent } from "./batch";
import { fileName } from "./download";
import { words } from "./words";

const event = (id: string, time: string): LiveEvent => ({ id, time, received: time, source: "s", site: "x", class_uid: 4003, columns: { class_name: "DNS Activity" } });

it("as many are looked up as fit beside the filter", () => {
  expect(batchSize("user:a")).toBe(BATCH_MAX);
  expect(batchSize("x".repeat(8_000))).toBe(4);
  expect(batchSize("é".repeat(4_096))).toBe(0);
  const events = Array.from({ length: batchSize("é".repeat(3_000)) }, () => event("0cfbef08-e1e2-802a-b14d-e4846a33fba1", ""));
  expect(new TextEncoder().encode(amongThese("é".repeat(3_000), events)).length).toBeLessThanOrEqual(8_192);
});

it("a filter joined by or stays one", () => {
  const said = amongThese("a or b", [event("1", ""), event("2", "")]);
  expect(said).toBe("(a or b) event:(1 2)");
  expect(words(said).filter((one) => one.word === "open")).toHaveLength(2);
});

it("the last of them is within the time that is asked about", () => {
  const { from, until } = span([event("1", "2026-03-18T10:00:00.123456Z"), event("2", "2026-03-18T09:00:00.999999Z")]);
  expect(from).toBe("2026-03-18T09:00:00.999Z");
  expect(Date.parse(until)).toBeGreaterThan(Date.parse("2026-03-18T10:00:00.123456Z"));
});

it("an event of the stream is a row, and its id is that of a facet", () => {
  expect(rowOf(event("A-b", "t"))).toMatchObject({ event_id: "A-b", time: "t", class_uid: 4003, class_name: "DNS Activity" });
  expect(bare("0CFBEF08-e1e2-802a-b14d-e4846a33fba1")).toBe("0cfbef08e1e2802ab14de4846a33fba1");
});

it("the list stays as short as it shall be", () => {
  expect(joined([{ a: 1 }], [{ a: 2 }, { a: 3 }], 2)).toEqual([{ a: 1 }, { a: 2 }]);
});

it("the name of an export says when and nothing else", () => {
  expect(fileName("csv", new Date("2026-03-18T20:16:10.950Z"))).toBe("cordon-events-2026-03-18-201610.csv");
});
