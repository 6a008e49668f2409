import { expect, test } from "vitest";
import { joined } from "./links";

const facet = (column: string, values: Record<string, number>) => ({ column, values: Object.entries(values).map(([value, count]) => ({ value, count })) });

test("whoever broke the glass stands first, even when others opened the record more often", () => {
  const links = joined("user", [facet("actor_user_name", { "c.ellwand": 40, "m.linnet": 2 })], [facet("actor_user_name", { "m.linnet": 2 })]);
  expect(links).toEqual([{ name: "m.linnet", count: 2, glass: 2 }, { name: "c.ellwand", count: 40, glass: 0 }]);
});

test("columns are joined whatever the case, people stand before machines' accounts, events without a name are left out", () => {
  const empty = { column: "user_name", values: [{ value: null, count: 900 }] };
  const links = joined("user", [facet("actor_user_name", { SYSTEM: 500, "A.Isbell": 3 }), facet("user_name", { "a.isbell": 4 }), empty], []);
  expect(links).toEqual([{ name: "A.Isbell", count: 7, glass: 0 }, { name: "SYSTEM", count: 500, glass: 0 }]);
});

test("a short name of a host counts as the whole one, unless it could be two", () => {
  const hosts = { "WS1.lakeside.example": 5, "ws1": 2, "mail.a.example": 1, "mail.b.example": 1, "mail": 4 };
  const links = joined("host", [facet("device_hostname", hosts)], []);
  expect(links.map((link) => [link.name, link.count])).toEqual([["WS1.lakeside.example", 7], ["mail", 4], ["mail.a.example", 1], ["mail.b.example", 1]]);
});

test("ten at most are listed", () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, place) => [`p-${place}`, 30 - place]));
  expect(joined("patient", [facet("patient_ref", many)], [])).toHaveLength(10);
});
