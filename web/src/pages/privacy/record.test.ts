import { expect, test } from "vitest";
import { counted, dayOf, exportOf, narrowed, placeOf, purposeOf, startOf, summary, type RecordAccess } from "./record";

const access: RecordAccess = {
  event_id: "e", time: "2026-03-18T20:00:00Z", user: { kind: "user", name: "anna" }, role: "nurse", department: "ED", action: "read", section: "", recipient: "", purpose: "", workstation: "WS1", address: "10.0.0.1",
  application: "AURORA", location: "ED", source: "ehr", break_glass: false, is_denied: false, judged: "explained", explanation: ["E1"], words: "takes part in the patient's care", proof: [],
};
const bare: RecordAccess = { ...access, judged: "unexplained", explanation: [], words: "no reason found in the data", break_glass: true, user: { kind: "user", name: "ben" } };

test("what the accesses come to is told without a judgement", () => {
  expect(summary([], 0)).toEqual(["Nobody opened this record in this time, as far as the node has heard."]);
  expect(summary([], 4)).toEqual(["No access in this time is for you to look into."]);
  expect(summary([access], 0)).toEqual(["1 access by 1 account: a reason was found for each."]);
  expect(summary([bare], 0)[0]).toBe("1 access by 1 account: no reason was found in the data.");
  expect(summary([access, bare, { ...access, judged: "withheld" }], 3)).toEqual(["3 accesses by 2 accounts: a reason was found for 1; for 1 no reason was found in the data; 1 cannot be judged yet.", "One of them with break-glass, the emergency override."]);
});

test("the accounting counts disclosures and whom they went to", () => {
  const one = { first: "", last: "", count: 2, recipient: "Registry", what: "", purpose: "", event_ids: [] };
  expect(counted([])).toContain("No disclosure");
  expect(counted([one, { ...one, count: 1, purpose: "PUBHLTH" }])).toBe("3 disclosures to 1 recipient.");
});

test("accesses are narrowed by what is said of them", () => {
  expect(narrowed([access, bare], "")).toHaveLength(2);
  expect(narrowed([access, bare], "unexplained")).toEqual([bare]);
  expect(narrowed([access, bare], "break_glass")).toEqual([bare]);
});

test("a reason in words is not repeated", () => {
  expect(purposeOf({ ...access, purpose: "in words: see the record of the event" })).toBe("in words");
  expect(purposeOf({ ...access, purpose: "TREAT" })).toBe("TREAT");
});

test("where it was is told by what is known", () => {
  expect(placeOf(access)).toEqual({ where: "WS1, ED", by: "AURORA" });
  expect(placeOf({ ...access, workstation: "", location: "", application: "" })).toEqual({ where: "10.0.0.1", by: "ehr" });
  expect(placeOf({ ...access, workstation: "", location: "", address: "" }).where).toBe("not known");
});

test("a period is whole days of the browser's zone, the last one included", () => {
  const from = startOf("2026-03-18");
  expect(dayOf(from)).toBe("2026-03-18");
  expect(dayOf(startOf("2026-03-18", 1), -1)).toBe("2026-03-18");
  expect([startOf(""), startOf("x"), dayOf(null), dayOf("x")]).toEqual([null, null, "", ""]);
});

test("an export is asked for by the handle and the period", () => {
  expect(exportOf("a_b", {}, "accesses")).toBe("/api/v1/privacy/records/a_b/export?of=accesses");
  expect(exportOf("a", { from: "2026-03-18T00:00:00.000Z" }, "disclosures")).toBe("/api/v1/privacy/records/a/export?from=2026-03-18T00%3A00%3A00.000Z&of=disclosures");
});
