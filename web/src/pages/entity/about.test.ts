import { expect, test } from "vitest";
import type { Group } from "../../api/client";
import { bearsRisk, filterOf, isAddress, sealed, againstOf, unsealed } from "./about";

test("what a handle holds is read back, and nothing else is", () => {
  const entity = { kind: "user", name: 'LAKESIDE\\a "b"' } as const;
  expect(unsealed(sealed(entity))).toEqual(entity);
  for (const text of ["", "free text", '["user"]', '["user",""]', '["road","a"]', '{"kind":"user"}', '["user",7]']) expect(unsealed(text)).toBeUndefined();
});

test("an account in a domain is found as one text and as two", () => {
  expect(filterOf({ kind: "user", name: "m.linnet" })).toBe('user:"m.linnet"');
  expect(filterOf({ kind: "user", name: "LAKESIDE\\m.linnet" })).toBe('user:"LAKESIDE\\\\m.linnet" or (user:"m.linnet" domain_name:"LAKESIDE")');
});

test("a host is found with and without its domain, an address as an address", () => {
  expect(filterOf({ kind: "host", name: "DC01.lakeside.example" })).toBe('host:("DC01.lakeside.example" or "DC01")');
  expect(filterOf({ kind: "host", name: "ws-ed-01" })).toBe('host:("ws-ed-01" or ws-ed-01.*)');
  expect(filterOf({ kind: "host", name: "a b" })).toBe('host:"a b"');
  expect(filterOf({ kind: "host", name: "10.20.10.61" })).toBe("ip:10.20.10.61");
  expect(filterOf({ kind: "host", name: "fe80::1" })).toBe("ip:fe80::1");
});

test("nothing in a name means anything in the filter", () => {
  expect(filterOf({ kind: "source", name: 'a" or source:*' })).toBe('source:"a\\" or source:*"');
  expect(filterOf({ kind: "patient", name: "p-1" })).toBe('patient:"p-1"');
});

test("what looks like an address is one", () => {
  expect(["10.0.0.5", "::1", "2001:db8::5"].filter(isAddress)).toHaveLength(3);
  expect(["ws1", "1.2.3", "a:b", "DC01.lakeside.example"].filter(isAddress)).toEqual([]);
});

test("machines' own accounts and sources bear no risk", () => {
  const names = ["SYSTEM", "NT AUTHORITY\\SYSTEM", "CORP\\WS1$", "root"];
  expect(names.filter((name) => bearsRisk({ kind: "user", name }))).toEqual([]);
  expect(bearsRisk({ kind: "user", name: "rooth" })).toBe(true);
  expect(bearsRisk({ kind: "host", name: "root" })).toBe(true);
  expect(bearsRisk({ kind: "source", name: "ehr" })).toBe(false);
});

test("what speaks against somebody is told with what it began", () => {
  const group = (id: string, level: string, first: string, state = "open") => ({ id, level, first, state }) as Group;
  const user = { kind: "user", name: "x" } as const;
  const against = againstOf(user, [group("a", "high", "03"), group("b", "medium", "02"), group("c", "critical", "01", "closed"), group("d", "informational", "00")]);
  expect([against?.says, against?.first.id]).toEqual(["2 findings about this user are open, the worst of them high.", "b"]);
  expect(againstOf(user, [group("a", "low", "03")])?.says).toBe("1 finding about this user is open: it is low.");
  expect(againstOf(user, [group("d", "informational", "00")])).toBeUndefined();
});
