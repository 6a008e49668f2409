import { expect, test } from "vitest";
import { candidates } from "./also";

test("an account may stand with each domain and without", () => {
  expect(candidates({ kind: "user", name: "adm.okafor" }, ["LAKESIDE"])).toEqual(["LAKESIDE\\adm.okafor", "adm.okafor@LAKESIDE"]);
  expect(candidates({ kind: "user", name: "LAKESIDE\\adm.okafor" }, ["LAKESIDE"])).toEqual(["adm.okafor", "adm.okafor@LAKESIDE"]);
});

test("a host may stand in full, in short and in other letters, but not as another host", () => {
  expect(candidates({ kind: "host", name: "WS1.lakeside.example" }, ["ws1", "DC01.lakeside.example"])).toEqual(["WS1", "ws1"]);
  expect(candidates({ kind: "host", name: "ws1" }, ["WS1.lakeside.example", "ws10"])).toEqual(["WS1.lakeside.example"]);
});
