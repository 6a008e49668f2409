import { describe, expect, it } from "vitest";
import { actorOf, DEEDS, deedOf, deedsByHeading, KINDS, whoOf, type Entry } from "./sentences";

const FILES = import.meta.glob<string>(["../../../../crates/api/src/**/*.rs", "../../../../crates/node/src/live/**/*.rs", "../../../../crates/store/src/state/**/*.rs"], { query: "?raw", import: "default", eager: true });
/** Without tests, which write entries of their own. */
const CODE = Object.fromEntries(Object.entries(FILES).filter(([path]) => !/\/tests\/|tests\.rs$/.test(path)).map(([path, file]) => [path, file.split("#[cfg(test)]")[0] ?? ""]));

const entry = (action: string, parts: Partial<Entry> = {}): Entry => ({ seq: 7, actor: "anna", address: "10.0.0.2", at: "2026-03-18T12:00:00Z", action, target_kind: "user", target: "", site: "", purpose: "", detail: null, hash: "00", ...parts });

describe("sentences of the audit log", () => {
  it("are there for every deed that the code writes", () => {
    const written = Object.values(CODE).flatMap((file) => [...file.matchAll(/(?:AuditEntry::new|audit::append\(&?m?u?t? ?tx, by, &told|told_source)\(\s*"([a-z_]+)"/g)].map((found) => found[1] ?? ""));
    const jobs = [...(Object.entries(CODE).find(([path]) => path.endsWith("api/src/routes/jobs.rs"))?.[1] ?? "").matchAll(/JobKind::\w+ => "([a-z_]+)"/g)].map((found) => found[1] ?? "");
    expect(written.length).toBeGreaterThan(30);
    expect(jobs).toHaveLength(7);
    expect([...new Set([...written, ...jobs])].filter((action) => !DEEDS[action])).toEqual([]);
  });

  it("are there for every kind of thing that is named by word", () => {
    const kinds = Object.values(CODE).flatMap((file) => [...file.matchAll(/AuditEntry::new\(\s*"?[a-z_]+"?,\s*"([a-z_]+)"/g)].map((found) => found[1] ?? ""));
    expect([...new Set(kinds)].filter((kind) => !KINDS.some((one) => one.kind === kind))).toEqual([]);
  });

  it.each([
    ["signed_in", { target: "anna" }, "signed in"],
    ["incidents_recorded", { actor: "node", detail: { opened: ["a", "b"], renewed: [], returned: [], withdrawn: ["c"] } }, "kept what a review of accesses came to: 2 cases new and 1 case withdrawn"],
    ["incident_changed", { detail: { deed: "verdict", from: "triage", to: "decided", owner: "anna", verdict: "policy_violation" } }, "decided a privacy case: policy violation"],
    ["incident_changed", { detail: { deed: "request_approved" } }, "approved that a reason be asked for in a privacy case"],
    ["incident_exported", { detail: { format: "html" } }, "took a privacy case out, to print"],
    ["incident_deleted", { actor: "node", detail: { state: "withdrawn" } }, "deleted a privacy case that was withdrawn, after its time"],
    ["sign_in_failed", { actor: "nobody", detail: { reason: "name or password" } }, "could not sign in: the name or the password was wrong"],
    ["sign_in_failed", { target: "bert", detail: { reason: "code" } }, "could not sign in as bert: the code of the second factor was wrong"],
    ["sessions_ended", { target: "3", detail: { sessions: 1 } }, "ended 1 session of user number 3"],
    ["password_set", { target: "anna" }, "set their own password"],
    ["user_reset", { target: "bert" }, "took bert’s password and second factor away"],
    ["user_changed", { target: "bert", detail: { roles: ["privacy_officer", "analyst"], sites: null, locked: true } }, "changed the user bert: now Privacy officer, Analyst; all sites; locked"],
    ["token_revoked", { target: "4", detail: { name: "nightly", roles: [] } }, "revoked the token nightly"],
    ["rule_switched", { target: "r-1", detail: { is_enabled: false } }, "switched the rule r-1 off"],
    ["setting_changed", { target: "rules_off", detail: {} }, "changed which rules are switched off"],
    ["unlock_asked", { target: "u-0123456789ab", detail: { reason: "exports at night" } }, "asked to unlock the name of u-0123456789ab: “exports at night”"],
    ["unlock_agreed", { target: "u-0123456789ab", detail: { asked_by: "ana", reason: "exports at night" } }, "agreed to unlock the name of u-0123456789ab, as ana had asked: “exports at night”"],
    ["unlock_ended", { target: "u-0123456789ab" }, "ended the unlock of u-0123456789ab: the name is hidden again"],
    ["glass_broken", { target: "SearchEvents" }, "used emergency access: search events, count and follow them"],
    ["settings_reloaded", { detail: { changed: ["log.level"], needs_restart: [] } }, "had the settings read again: log.level changed"],
    ["notification_tested", { target: "it", detail: { ways: 2, failed: 1 } }, "sent a test to it: 1 of 2 ways failed"],
    ["mute_ended", { target: "5", site: "north", detail: { kind: "exception", rule_id: "r-1", entity: { kind: "host", name: "pacs01" }, fields: [["a", "b"]] } }, "ended the exception 5 for rule r-1, host pacs01, 1 value at north"],
    ["data_removed", { actor: "node", detail: { from: "2025-01-01", to: "2025-01-02", events: 3, records: 4, bytes: 2048, why: "no room in the budget" } }, "removed what was received from 2025-01-01 to 2025-01-02: 3 events, 4 original records, 2.0 KiB (no room in the budget)"],
    ["grown_wings", { target: "x" }, "grown wings x"],
  ] as const)("%s %j", (action, parts, expected) => {
    expect(deedOf(entry(action, parts as Partial<Entry>))).toBe(expected);
  });

  it.each([
    [{ from: { state: "open", owner: null }, to: { state: "acknowledged", owner: "anna" } }, "took a finding into work and gave it to anna"],
    [{ from: { state: "open", owner: "anna" }, to: { state: "open", owner: null } }, "gave a finding back"],
    [{ from: { state: "open" }, to: { state: "open" }, note_changed: true }, "changed a finding’s note"],
    [{ from: { state: "open", verdict: null }, to: { state: "closed", verdict: "benign" } }, "closed a finding: it happened and was allowed"],
    [{}, "changed a finding"],
  ])("of a changed finding: %j", (detail, expected) => {
    expect(deedOf(entry("group_changed", { detail }))).toBe(expected);
  });

  it("call a rule by its title where it is known", () => {
    const titles = new Map([["r-1", "Odd sign-in"]]);
    expect(deedOf(entry("rule_switched", { target: "r-1", detail: { is_enabled: true } }), titles)).toBe("switched the rule “Odd sign-in” on");
    expect(deedOf(entry("mute_added", { target: "2", detail: { kind: "suppression", rule_id: "r-1" } }), titles)).toBe("added the suppression 2 for rule “Odd sign-in”");
  });

  it("survive details of any form", () => {
    for (const action of Object.keys(DEEDS)) for (const detail of [null, 3, "x", [], { from: 1, to: [], roles: "x", fields: {}, expires: "y" }]) expect(deedOf(entry(action, { detail }))).not.toBe("");
  });

  it("name who did it", () => {
    expect(["anna", "node", "nobody", "token/nightly", "console of the node"].map(actorOf)).toEqual(["anna", "The node", "Somebody not signed in", "Token nightly", "Somebody at the machine"]);
  });

  it("name them within a sentence", () => {
    expect(["Anna", "node", "token/x"].map(whoOf)).toEqual(["Anna", "the node", "token x"]);
  });

  it("stand in the filter once each", () => {
    expect(deedsByHeading().flatMap((heading) => heading.deeds)).toHaveLength(Object.keys(DEEDS).length);
  });
});
