import { describe, expect, it } from "vitest";
import { daysLater, distance, fromLocal, local, ofMicros } from "./moments";

const now = new Date("2026-03-18T12:00:00Z");

describe("moments", () => {
  it("say how far they are on both sides of now", () => {
    expect(distance("2026-03-21T12:00:00Z", now)).toBe("in 3 d");
    expect(distance("2026-03-18T11:50:00Z", now)).toBe("10 min ago");
    expect(distance("2026-03-18T12:00:02Z", now)).toBe("now");
  });

  it("go into a field and come back", () => {
    expect(fromLocal(local(now))).toBe(now.toISOString());
    expect([fromLocal(""), fromLocal("soon")]).toEqual([undefined, undefined]);
  });

  it("are read out of microseconds, and what is none is nothing", () => {
    expect(ofMicros(Date.parse("2026-03-18T12:00:00Z") * 1000)).toMatch(/^2026-03-1[789] \d\d:\d\d:00$/);
    expect([ofMicros(null), ofMicros("x")]).toEqual(["", ""]);
  });

  it("lie whole days later", () => {
    expect(daysLater(now, 30).toISOString()).toBe("2026-04-17T12:00:00.000Z");
  });
});
