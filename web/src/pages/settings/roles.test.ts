import { describe, expect, it } from "vitest";
import table from "../../../../crates/policy/data/matrix.md?raw";
import { ACTIONS, actionsOf, RIGHTS, ROLES, siteNames, whoMay } from "./roles";

/** Cells of the table of the policies, by action and role. */
function matrix(): Map<string, Record<string, string>> {
  const rows = table.split("\n").filter((line) => line.startsWith("|"));
  const cells = rows.map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
  const names = cells[0]?.slice(2) ?? [];
  return new Map(cells.slice(2).map(([action = "", , ...may]) => [action, Object.fromEntries(may.map((cell, place) => [names[place] ?? "", cell]))]));
}

describe("what each role may do", () => {
  it("is what the policies decide", () => {
    for (const [action, cells] of matrix()) {
      const right = RIGHTS.find((one) => one.actions.includes(action));
      for (const { role } of ROLES) expect(`${action} ${role} ${right?.by[role] !== undefined}`).toBe(`${action} ${role} ${cells[role] !== "-"}`);
    }
  });

  it("names a condition where the policies have one", () => {
    const cells = matrix();
    for (const right of RIGHTS) {
      for (const { role } of ROLES) {
        const conditions = right.actions.map((action) => cells.get(action)?.[role] ?? "");
        const isBound = conditions.some((cell) => /health|masked|staff$|office|^-;/.test(cell));
        expect(`${right.does} ${role} ${Boolean(right.by[role])}`).toBe(`${right.does} ${role} ${isBound}`);
      }
    }
  });

  it("has every action once, in words", () => {
    const all = [...matrix().keys()].sort();
    expect(RIGHTS.flatMap((right) => right.actions).sort()).toEqual(all);
    expect(Object.keys(ACTIONS).sort()).toEqual(all);
  });

  it("says of an action who may", () => {
    expect(whoMay(["ReadSettings"])).toBe("Auditor or Administrator");
    expect(whoMay(["RunBackup"])).toBe("Administrator");
    expect(whoMay(["ReadSettings", "ReadHolds"])).toBe("Privacy officer, Auditor or Administrator");
  });

  it("gives a token of several roles what any of them gives", () => {
    expect(actionsOf(["auditor"])).not.toContain("MuteFindings");
    expect(actionsOf(["auditor", "analyst"])).toContain("MuteFindings");
    expect(actionsOf([])).toEqual([]);
  });

  it("says all sites where none is named", () => {
    expect([siteNames(null), siteNames(["north", "south"]), siteNames([])]).toEqual(["All sites", "north, south", "no site"]);
  });
});
