import { describe, expect, it } from "vitest";
import { aboutOf, givenOf, missingOf, muteStanding, untilOf, type Mute, type MuteDraft } from "./mutes";
import { holdStanding, type Hold } from "./holds";

const now = new Date("2026-03-18T12:00:00Z");
const mute = (parts: Partial<Mute> = {}): Mute => ({ id: 1, kind: "exception", rule: null, site: "north", entity: null, source: null, fields: [], starts: "2026-03-01T00:00:00Z", ends: null, reason: "known", author: "anna", created: "2026-03-01T00:00:00Z", hits: 0, ...parts });
const draft = (parts: Partial<MuteDraft> = {}): MuteDraft => ({ kind: "exception", site: "north", rule: "r-1", entityKind: "host", entityName: "", source: "", fields: [], starts: undefined, ends: undefined, reason: "known", ...parts });

describe("suppressions", () => {
  it("stand by the clock of the node", () => {
    expect(muteStanding(mute(), now)).toBe("running");
    expect(muteStanding(mute({ ends: now.toISOString() }), now)).toBe("over");
    expect(muteStanding(mute({ starts: "2026-03-19T00:00:00Z", ends: "2026-03-20T00:00:00Z" }), now)).toBe("coming");
  });

  it("say what they make quiet", () => {
    const titles = new Map([["r-1", "Odd sign-in"]]);
    expect(aboutOf(mute({ rule: "r-1", entity: { kind: "host", name: "pacs01" } }), titles)).toBe("Odd sign-in, host pacs01");
    expect(aboutOf(mute({ rule: "r-2", fields: [{ field: "user", value: "x" }], source: "http/a" }), titles)).toBe("Rule r-2, source http/a, user is x");
    expect(aboutOf(mute({ entity: { kind: "user", name: null } }), titles)).toBe("User hidden from your role");
    expect([aboutOf(mute(), titles), untilOf(mute())]).toEqual(["Every finding at north", "no end"]);
  });

  it.each([
    [{}, undefined],
    [{ site: "" }, "Choose a site."],
    [{ rule: " " }, "Name a rule, whom it is about, a source or a value: nothing is quiet for everything."],
    [{ rule: "", kind: "maintenance", ends: "2026-03-20T00:00:00Z" }, undefined],
    [{ kind: "maintenance" }, "Only an exception has no end."],
    [{ starts: "2026-03-20T00:00:00Z", ends: "2026-03-19T00:00:00Z" }, "It ends after it starts."],
    [{ reason: " " }, "Say why."],
  ] as [Partial<MuteDraft>, string | undefined][])("lack: %j", (parts, missing) => {
    expect(missingOf(draft(parts))).toBe(missing);
  });

  it("are sent without what was left empty", () => {
    expect(givenOf(draft({ fields: [{ field: "a", value: "" }, { field: " user ", value: " x " }], entityName: " pacs01 " }))).toEqual({ kind: "exception", site: "north", reason: "known", rule: "r-1", entity: { kind: "host", name: "pacs01" }, fields: [{ field: "user", value: "x" }] });
  });
});

describe("legal holds", () => {
  const hold = (parts: Partial<Hold> = {}): Hold => ({ id: 1, site: null, query: "user:x", reason: "r", owner: "o", review: "2026-09-01T00:00:00Z", created: "2026-03-01T00:00:00Z", ended: null, ...parts });
  it("go on beyond their review, which is told", () => {
    expect(holdStanding(hold(), now)).toBe("holds");
    expect(holdStanding(hold({ review: "2026-04-01T00:00:00Z" }), now)).toBe("soon");
    expect(holdStanding(hold({ review: "2026-03-01T00:00:00Z" }), now)).toBe("due");
    expect(holdStanding(hold({ review: "2026-03-01T00:00:00Z", ended: "2026-03-02T00:00:00Z" }), now)).toBe("released");
  });
});
