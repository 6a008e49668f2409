import { describe, expect, it } from "vitest";
import { diskOf, forecastOf, isOnMachine, metricsOf, percentOf, useOf, type Disk } from "./figures";

const TEXT = `# HELP cordon_kept_bytes Bytes kept.
# TYPE cordon_kept_bytes gauge
cordon_kept_bytes{class="health"} 1048576
cordon_kept_bytes{class="evidence"} 2097152
cordon_kept_bytes{class="network"} 0
cordon_budget_bytes 10485760
cordon_protected_bytes 1024
cordon_kept_days 12
cordon_disk_free_bytes 3e9
cordon_budget_days_left 40
cordon_http_requests_total{method="GET",route="/a b",status="200"} 2
nonsense
`;

const disk = (parts: Partial<Disk> = {}): Disk => ({ budget: 1000, kept: 250, byClass: [], protectedBytes: 0, keptDays: 12, free: 0, reserve: 0, daysLeft: 40, removedBytes: 0, ...parts });

describe("figures of the disk", () => {
  it("are read out of the metrics, the largest class first", () => {
    expect(diskOf(metricsOf(TEXT))).toEqual({
      budget: 10_485_760, kept: 3_145_728, protectedBytes: 1024, keptDays: 12, free: 3e9, reserve: 0, daysLeft: 40, removedBytes: 0,
      byClass: [{ name: "Original records", bytes: 2_097_152 }, { name: "Accesses to records, clinical messages", bytes: 1_048_576 }],
    });
  });

  it("are none before the node has looked", () => {
    expect(diskOf(metricsOf("cordon_budget_bytes 0\n"))).toBeUndefined();
    expect(diskOf(metricsOf(""))).toBeUndefined();
  });

  it.each([
    [{}, "25 % of the budget is taken. At the present pace it is full in 40 days; from then on the oldest days leave."],
    [{ daysLeft: undefined }, "25 % of the budget is taken. How many days are left cannot be said yet."],
    [{ kept: 1 }, "Less than 1 % of the budget is taken. At the present pace it is full in 40 days; from then on the oldest days leave."],
    [{ kept: 1000, daysLeft: 0 }, "The budget is full and the oldest days leave in turn: 12 days are kept."],
  ] as [Partial<Disk>, string][])("give a forecast only as far as it is known: %j", (parts, says) => {
    const forecast = forecastOf(disk(parts));
    expect(forecast.says).toBe(says);
    expect(forecast.from).not.toBe("");
  });

  it("are parts of the whole", () => {
    expect([percentOf(0, 10), percentOf(1, 100_000), percentOf(1, 8)]).toEqual(["0.0 %", "under 0.1 %", "12.5 %"]);
  });

  it("say what is protected", () => {
    expect(useOf(disk({ protectedBytes: 100 }))).toBe("250 bytes of 1,000 bytes; 100 bytes of it is protected by minimum ages, holds or findings");
  });

  it("are asked for on the machine only", () => {
    expect(["127.0.0.1", "localhost", "[::1]", "cordon.example"].map(isOnMachine)).toEqual([true, true, true, false]);
  });
});
