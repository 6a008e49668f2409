import { describe, expect, it } from "vitest";
import { couldAgree, isHidden, isPseudonym, standingOf, unlockOf, type Unlock } from "./staff";

const WAITING: Unlock = {
  id: 1,
  pseudonym: "u-0123456789ab",
  reason: "exports at night",
  state: "waiting",
  asked_by: "ana",
  asked: "2026-11-23T06:00:00Z",
  agreed_by: null,
  agreed: null,
  until: "2026-11-30T06:00:00Z",
  ended_by: null,
};

describe("a pseudonym of staff", () => {
  it("is u- and 12 hex digits", () => {
    for (const name of ["u-0123456789ab", "u-ffffffffffff"]) expect(isPseudonym(name)).toBe(true);
    for (const name of ["u-0123456789a", "u-0123456789AB", "p-0123456789ab", "a.isbell", "", null, undefined]) expect(isPseudonym(name)).toBe(false);
  });

  it("hides a user and no other entity", () => {
    expect(isHidden({ kind: "user", name: "u-0123456789ab" })).toBe(true);
    expect(isHidden({ kind: "host", name: "u-0123456789ab" })).toBe(false);
    expect(isHidden({ kind: "user", name: "LAKESIDE\\a.isbell" })).toBe(false);
    expect(isHidden({ kind: "user", name: null })).toBe(false);
  });
});

describe("an unlock", () => {
  it("is the one that waits or is in force", () => {
    const ended: Unlock = { ...WAITING, id: 2, state: "ended", ended_by: "ben" };
    expect(unlockOf([ended, WAITING], WAITING.pseudonym)?.id).toBe(1);
    expect(unlockOf([ended], WAITING.pseudonym)).toBeUndefined();
    expect(unlockOf([WAITING], "u-000000000000")).toBeUndefined();
  });

  it("is agreed on by somebody else who has a role for it, while it waits", () => {
    const officer = { name: "ben", roles: ["privacy_officer"] };
    expect(couldAgree(WAITING, officer)).toBe(true);
    expect(couldAgree({ ...WAITING, state: "in_force" }, officer)).toBe(false);
    expect(couldAgree(WAITING, { name: "ana", roles: ["privacy_officer"] })).toBe(false);
    expect(couldAgree(WAITING, { name: "ben", roles: ["auditor"] })).toBe(false);
    expect(couldAgree(WAITING, null)).toBe(false);
  });

  it("says how far it is", () => {
    const clock = (at: string) => at.slice(0, 10);
    expect(standingOf(WAITING, clock)).toBe("ana asked to unlock this name. A second person of another role has to agree before 2026-11-30.");
    expect(standingOf({ ...WAITING, state: "in_force", agreed_by: "ben" }, clock)).toBe("Unlocked until 2026-11-30 by ana and ben.");
    expect(standingOf({ ...WAITING, state: "ended", ended_by: "ben" }, clock)).toBe("Ended by ben.");
  });
});
