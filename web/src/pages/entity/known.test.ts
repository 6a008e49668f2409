import { expect, test } from "vitest";
import { isAbout } from "./known";

const finding = { source: "ehr", subjects: { user: "m.linnet", host: "WS1", device: null, patient_ref: "p-1" } };

test("a finding names an entity by kind and name", () => {
  const named = [
    { kind: "user", name: "m.linnet" },
    { kind: "host", name: "WS1" },
    { kind: "patient", name: "p-1" },
    { kind: "source", name: "ehr" },
  ] as const;
  expect(named.every((one) => isAbout(finding, one))).toBe(true);
  expect(isAbout(finding, { kind: "host", name: "m.linnet" })).toBe(false);
  expect(isAbout(finding, { kind: "device", name: "WS1" })).toBe(false);
});
