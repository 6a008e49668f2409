import { expect, it } from "vitest";
import { isUnfinished, wantedAt } from "./complete";

/** `|` stands where the cursor is. */
function at(marked: string) {
  const place = marked.indexOf("|");
  return wantedAt(marked.replace("|", ""), place);
}

it("a word begun is a field", () => {
  expect(at("us|")).toEqual({ kind: "field", from: 0, to: 2, prefix: "us", field: "" });
  expect(at("user:a -ho|")).toMatchObject({ kind: "field", from: 8, prefix: "ho" });
  expect(at("|")).toMatchObject({ kind: "field", from: 0, to: 0 });
  expect(at("user:a |")).toMatchObject({ kind: "field", from: 7 });
});

it("behind a sign stands a value of that field", () => {
  expect(at("User:|")).toEqual({ kind: "value", from: 5, to: 5, prefix: "", field: "user" });
  expect(at("user:jd|")).toEqual({ kind: "value", from: 5, to: 7, prefix: "jd", field: "user" });
  expect(at("severity>=hi| x")).toMatchObject({ kind: "value", from: 10, to: 12, prefix: "hi", field: "severity" });
});

it("in quotes too, until they are closed", () => {
  expect(at('class:"DNS A|')).toEqual({ kind: "value", from: 6, to: 12, prefix: "DNS A", field: "class" });
  expect(at('class:"DNS A|ctivity"')).toMatchObject({ prefix: "DNS A", to: 20 });
  expect(at('class:"DNS"|')).toBeUndefined();
  expect(at('"free t|')).toBeUndefined();
});

it("a list of values belongs to its field", () => {
  expect(at("host:(|")).toMatchObject({ kind: "value", field: "host", prefix: "" });
  expect(at("host:(a b|")).toMatchObject({ kind: "value", field: "host", prefix: "b" });
  expect(at("host:(a |")).toMatchObject({ kind: "value", field: "host", prefix: "" });
  expect(at("host:(a) us|")).toMatchObject({ kind: "field", prefix: "us" });
  expect(at("(us|")).toMatchObject({ kind: "field", prefix: "us" });
});

it("knows when somebody is still writing", () => {
  for (const filter of ["user:", "-", "a or", "not", "(a", "host:(a", '"free te', '"', "a and "]) expect(isUnfinished(filter)).toBe(true);
  for (const filter of ["", "user:a", "a)", '"a"', "user:or", 'x:"a b"', "(a or b)"]) expect(isUnfinished(filter)).toBe(false);
});
