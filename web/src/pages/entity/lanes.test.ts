import { expect, test } from "vitest";
import families from "../../../../crates/store/data/families.tsv?raw";
import { between, byHour, chosenOf, counted, LANES, laneOf, lengthOf, said, stretches, ticks, within, type Lane } from "./lanes";

const HOUR = 3_600_000;
const NINE = Date.UTC(2026, 2, 18, 9);

/** The event tables of the catalogue with the classes that are named in them. */
const FAMILIES = families
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split("\t"));

/** Lanes whose filter names a table. */
function lanesOfTable(table: string): Lane[] {
  const named = ({ filter }: (typeof LANES)[number]) => new RegExp(`table:(${table}\\b|\\([^)]*\\b${table}\\b)`).test(filter);
  return LANES.filter(named).map((one) => one.lane);
}

test("classes run in the lanes that people expect", () => {
  const lanes = { 3002: "identity", 3006: "identity", 4001: "network", 4003: "network", 4002: "network", 1007: "host", 1001: "host", 201001: "host", 201004: "host" };
  const health = { 87006001: "records", 87006002: "records", 87006003: "records", 87006004: "device" };
  const others = { 0: "other", 2004: "other", 6003: "other", 5001: "other" };
  for (const [uid, lane] of Object.entries({ ...lanes, ...health, ...others })) expect([uid, laneOf(Number(uid))]).toEqual([uid, lane]);
});

test("every table of the catalogue is asked for by one lane, and each class runs where its table is asked for", () => {
  expect(FAMILIES.length).toBeGreaterThan(8);
  for (const [table = "", classes = ""] of FAMILIES) {
    const lanes = lanesOfTable(table);
    expect([table, lanes.length]).toEqual([table, 1]);
    for (const name of classes.split(",")) {
      const uid = name.endsWith("*") ? Number(name.slice(0, -1) || 5) * 1_000 + 999 : Number(name);
      // calls of services and medical devices are taken out of their table's lane, and put into another
      const taken = LANES.find((one) => one.filter.includes(`class_uid:${uid}`) && !one.filter.includes(`-class_uid:${uid}`))?.lane;
      expect([table, name, laneOf(uid)]).toEqual([table, name, taken ?? lanes[0]]);
    }
  }
});

test("a lane is asked for beside the whole filter of the entity", () => {
  expect(within('user:"a" or user:"b"', "identity")).toBe('(user:"a" or user:"b") table:identity');
  expect(within('user:"a"', null)).toBe('user:"a"');
});

test("stretches begin at multiples of their length, and counts fall into them", () => {
  const cut = stretches(NINE + 10 * 60_000, NINE + 3 * HOUR, HOUR);
  expect(cut).toEqual({ begin: NINE, length: HOUR, count: 3 });
  const buckets = [{ start: "2026-03-18T09:00:00.000000Z", count: 4 }, { start: "2026-03-18T11:00:00.000000Z", count: 2 }];
  expect(counted(buckets, cut)).toEqual([4, 0, 2]);
});

test("stretches are as long as the node makes them", () => {
  const day = 24 * HOUR;
  const lengths = [15 * 60_000, HOUR, day, 7 * day, 30 * day].map((span) => lengthOf(0, span, 100) / 1_000);
  expect(lengths).toEqual([10, 60, 1_800, 10_800, 43_200]);
});

test("a choice comes back from the address, and what is none is none", () => {
  const chosen = { from: NINE, until: NINE + HOUR, lane: "records" } as const;
  expect(chosenOf(said(chosen), "records")).toEqual(chosen);
  expect(chosenOf(said(chosen), "street")).toEqual({ ...chosen, lane: null });
  for (const text of [null, "", "5", "9-3", "a-b", "1-2-3"]) expect(chosenOf(text, null)).toBeNull();
});

test("what is chosen over several lanes is in all of them", () => {
  const cut = stretches(NINE, NINE + 10 * HOUR, HOUR);
  const lanes = ["identity", "records"] as const;
  expect(between({ row: 1, place: 4 }, { row: 1, place: 2 }, cut, lanes)).toEqual({ from: NINE + 2 * HOUR, until: NINE + 5 * HOUR, lane: "records" });
  expect(between({ row: 0, place: 3 }, { row: 1, place: 3 }, cut, lanes)).toEqual({ from: NINE + 3 * HOUR, until: NINE + 4 * HOUR, lane: null });
});

test("the table sums stretches into hours and leaves empty hours out", () => {
  const cut = stretches(NINE, NINE + 3 * HOUR, HOUR / 2);
  const rows = byHour([[1, 2, 0, 0, 0, 3], [0, 5, 0, 0, 0, 0]], cut);
  expect(rows).toEqual([
    { from: NINE, until: NINE + HOUR, counts: [3, 5] },
    { from: NINE + 2 * HOUR, until: NINE + 3 * HOUR, counts: [3, 0] },
  ]);
});

test("ticks are round, within the axis and not too many", () => {
  for (const hours of [0.25, 1, 24, 168, 720, 9_000]) {
    const found = ticks(NINE + 77_000, NINE + hours * HOUR, 8);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThanOrEqual(9);
    expect(found.every((tick) => tick.at >= NINE + 77_000 && tick.at <= NINE + hours * HOUR)).toBe(true);
    expect(new Set(found.map((tick) => new Date(tick.at).getSeconds()))).toEqual(new Set([0]));
  }
});
