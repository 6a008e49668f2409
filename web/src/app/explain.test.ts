import { expect, test } from "vitest";
import type { Finding } from "../api/client";
import { matchedName, pieces, readable, sentenceOf, tacticsOf, techniquesOf } from "./explain";

function finding(explanation: object): Finding {
  return { explanation: { matched: [], events: [], origin: { kind: "event" }, ...explanation } } as unknown as Finding;
}

test("a match is told by its fields", () => {
  const matched = [
    { field: "Image", value: "C:\\Windows\\vssadmin.exe", pattern: "*\\vssadmin.exe" },
    { field: "user", value: "adm.okafor", pattern: "*" },
  ];
  expect(sentenceOf(finding({ matched }))).toBe("Image was “C:\\Windows\\vssadmin.exe” and user was “adm.okafor”.");
});

test("a correlation is told by what it counted, of whom and in which time", () => {
  const origin = { kind: "correlation", told: "14 events", group: [{ field: "user", value: "a.isbell" }], window_start: 0, window_end: 7_200_000_000 };
  expect(sentenceOf(finding({ origin }))).toBe("14 events within 2 h, all with user a.isbell.");
});

test("a correlation is told without the words of the rule language, and for how long it took", () => {
  const group = [{ field: "user", value: "m.linnet" }, { field: "patient_ref", value: "p-e7f67fd1b0e832819e4ffb092c344a09" }];
  const said = (told: string) => sentenceOf(finding({ origin: { kind: "correlation", told, group, window_start: 0, window_end: 184_000_000 } }));
  expect(said("2 rules in order within 1h")).toBe("2 rules matched one after the other within 3 min, all with user m.linnet and patient p-e7f67fd1…");
  expect(said("3 rules within 1h")).toContain("3 rules matched together within 3 min, ");
  expect(said("100 different values of name within 10m")).toContain("100 different values of “name” within 3 min, ");
});

test("what a correlation counted is named in words", () => {
  const named = (field: string, pattern: string) => matchedName({ field, value: "", pattern });
  expect([named("temporal_ordered", "temporal_ordered within 1h"), named("event_count", "event_count gte 50 within 10m"), named("path", "value_count gte 100 within 1m"), named("patient_ref", "group-by"), named("Image", "|endswith: x")]).toEqual(["rules one after the other", "events", "different path", "patient", "Image"]);
});

test("a rule that reports every record of its kind says so", () => {
  expect(sentenceOf(finding({}))).toBe("The record is of a kind that the rule always reports.");
});

test("what was matched is marked wherever it stands, in any case and as JSON writes it", () => {
  const shown = pieces('{"Image":"c:\\\\windows\\\\CMD.exe"}', [{ field: "Image", value: "C:\\Windows\\cmd.exe", pattern: "" }]);
  expect(shown.map((piece) => [piece.text, piece.isMarked])).toEqual([
    ['{"Image":"', false],
    ["c:\\\\windows\\\\CMD.exe", true],
    ['"}', false],
  ]);
});

test("values with the signs of patterns are found as they are", () => {
  expect(pieces("a (b) [c]+", [{ field: "x", value: "(b) [c]+", pattern: "" }]).filter((piece) => piece.isMarked)).toEqual([{ text: "(b) [c]+", isMarked: true }]);
});

test("no piece of a record is lost", () => {
  const record = "user=x user=y 10.0.0.1 and so on";
  expect(pieces(record, [{ field: "user", value: "user=", pattern: "" }]).map((piece) => piece.text).join("")).toBe(record);
});

test("bytes that are no text are shown as digits", () => {
  expect(readable(new Uint8Array([0x41, 0xff, 0x00]))).toBe(`00000000  ${"41 ff 00".padEnd(47)}  A..`);
});

test("JSON is shown in lines and HL7 segment by segment", () => {
  expect(readable(new TextEncoder().encode('{"a":1}'))).toBe('{\n  "a": 1\n}');
  expect(readable(new TextEncoder().encode("MSH|^~\\&|x\rPID|1"))).toBe("MSH|^~\\&|x\nPID|1");
});

test("techniques and tactics are read from tags, groups and software are not", () => {
  const tags = ["attack.t1021.002", "attack.lateral-movement", "attack.s0154", "attack.g0032", "cve.2024.1"];
  expect(techniquesOf(tags)).toEqual(["T1021.002"]);
  expect(tacticsOf(tags)).toEqual(["lateral movement"]);
});
