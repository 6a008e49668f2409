import { describe, expect, it } from "vitest";
import { classOf, forecastOf, keptOf, percentOf, useOf, type Disk } from "./figures";

const disk = (parts: Partial<Disk> = {}): Disk => ({ budget: 1000, kept: [{ class: "evidence", bytes: 250 }], protected: 0, days_kept: 12, days_left: 40, is_turning: false, free: 0, reserve: 0, removed: 0, ...parts });

describe("figures of the disk", () => {
  it("are summed over what is kept, each kind under a name for people", () => {
    const kept = [{ class: "evidence", bytes: 7 }, { class: "health", bytes: 3 }, { class: "of later", bytes: 1 }];
    expect(keptOf(disk({ kept }))).toBe(11);
    expect(kept.map(classOf)).toEqual(["Original records", "Accesses to records, clinical messages", "of later"]);
  });

  it.each([
    [{}, "25 % of the budget is taken. At the present pace it is full in 40 days; from then on the oldest days leave."],
    [{ days_left: null }, "25 % of the budget is taken. How many days are left cannot be said yet."],
    [{ days_left: 4000 }, "25 % of the budget is taken. At the present pace it is not full within ten years: what leaves before that leaves by age."],
    [{ kept: [{ class: "node", bytes: 1 }] }, "Less than 1 % of the budget is taken. At the present pace it is full in 40 days; from then on the oldest days leave."],
    [{ kept: [{ class: "node", bytes: 980 }], days_left: 0, is_turning: true }, "The budget is full and the oldest days leave in turn: 12 days are kept."],
  ] as [Partial<Disk>, string][])("give a forecast only as far as it is known: %j", (parts, says) => {
    const forecast = forecastOf(disk(parts));
    expect(forecast.says).toBe(says);
    expect(forecast.from).not.toBe("");
  });

  it("are parts of the whole", () => {
    expect([percentOf(0, 10), percentOf(1, 100_000), percentOf(1, 8)]).toEqual(["0.0 %", "under 0.1 %", "12.5 %"]);
  });

  it("say what is protected", () => {
    expect(useOf(disk({ protected: 100 }))).toBe("250 bytes of 1,000 bytes; 100 bytes of it is protected by minimum ages, holds or findings");
  });
});
