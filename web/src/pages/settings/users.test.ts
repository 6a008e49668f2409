import { describe, expect, it } from "vitest";
import { invitationLink, isFound, isSame, standingOf, wayOf, type User } from "./users";

const user = (parts: Partial<User> = {}): User => ({ id: 1, name: "anna", roles: ["analyst"], sites: null, is_locked: false, has_password: true, has_totp: false, is_from_provider: false, created: "2026-03-18T12:00:00Z", ...parts });

describe("users", () => {
  it.each([
    [{}, "fine", "Password"],
    [{ has_totp: true }, "fine", "Password and code"],
    [{ roles: ["administrator"] }, "factor", "Password"],
    [{ has_password: false }, "invited", "No password yet"],
    [{ has_password: false, is_from_provider: true, roles: ["administrator"] }, "fine", "Through the provider"],
    [{ is_locked: true, has_password: false }, "locked", "No password yet"],
  ] as [Partial<User>, string, string][])("%j stand as %s", (parts, standing, way) => {
    expect([standingOf(user(parts)), wayOf(user(parts))]).toEqual([standing, way]);
  });

  it("are found by name, role and site", () => {
    const one = user({ roles: ["privacy_officer"], sites: ["north"] });
    expect(["", " ANN", "privacy off", "nor"].every((typed) => isFound(one, typed))).toBe(true);
    expect(isFound(one, "bert")).toBe(false);
  });

  it("have the same roles in any order, and no site is not all sites", () => {
    expect([isSame(["a", "b"], ["b", "a"]), isSame(["a"], ["a", "b"]), isSame(null, null), isSame(null, []), isSame([], [])]).toEqual([true, false, true, false, true]);
  });

  it("get a link whose token no log sees", () => {
    expect(new URL(invitationLink("https://cordon.example", "cordon_1")).hash).toBe("#invite=cordon_1");
  });
});
