import { describe, expect, it } from "vitest";
import { attributes, fieldOf, filterable, grouped, GROUPS, textOfValue } from "./columns";
import { packed, unpacked } from "./saved";
import { columnOf, columnsOf, COMPOSED, saidColumns, shortSource, titleOfCell, widths } from "./table";

const FIELDS = [
  { name: "user", columns: ["actor_user_name", "user_name"], meaning: "" },
  { name: "actor", columns: ["actor_user_name"], meaning: "" },
  { name: "severity", columns: ["severity_id"], meaning: "" },
  { name: "status", columns: ["status_id"], meaning: "" },
  { name: "event", columns: ["event_id"], meaning: "" },
];

describe("columns", () => {
  it("stand in one group each", () => {
    const names = GROUPS.flatMap((group) => group.columns.map(([name]) => name));
    expect(new Set(names).size).toBe(names.length);
  });

  it("are filtered by the shortest word for exactly them", () => {
    expect(fieldOf("actor_user_name", FIELDS)).toBe("actor");
    expect(fieldOf("user_name", FIELDS)).toBe("user_name");
    expect(filterable("severity_id", 4, FIELDS)).toEqual({ field: "severity", value: "high" });
    expect(filterable("severity_id", 99, FIELDS)).toEqual({ field: "severity_id", value: "99" });
    expect(filterable("status_id", 2, FIELDS)).toEqual({ field: "status", value: "failure" });
    expect(filterable("logon_type_id", 3, FIELDS)).toEqual({ field: "logon_type_id", value: "3" });
    expect(filterable("is_break_glass", true, FIELDS)).toEqual({ field: "is_break_glass", value: "true" });
    expect(filterable("time", "2026-03-18T00:00:00Z", FIELDS)).toBeUndefined();
    expect(filterable("patient_refs", ["a", "b"], FIELDS)).toBeUndefined();
    expect(filterable("src_endpoint_ip_bytes", "00", FIELDS)).toBeUndefined();
  });

  it("show numbers in words", () => {
    expect(textOfValue("status_id", 2)).toBe("failure");
    expect(textOfValue("dst_endpoint_port", 443)).toBe("443");
    expect(textOfValue("is_break_glass", false)).toBe("no");
    expect(textOfValue("patient_refs", ["a", "b"])).toBe("a, b");
    expect(textOfValue("user_name", undefined)).toBe("");
  });

  it("an event is shown whole but for what repeats", () => {
    const row = { event_id: "e", time: "2026-03-18T00:00:00.5Z", actor_user_name: "a", src_endpoint_ip_bytes: "00", event_day: "2026-03-18", newer_column: 7, rest: "{}" };
    const shown = grouped(row).flatMap((group) => group.facts.map((fact) => fact.column));
    expect(shown).toEqual(["time", "actor_user_name", "event_id", "newer_column"]);
  });

  it("attributes without a column have their path", () => {
    expect(attributes('{"a":{"b":[1,2]},"c":[{"d":true}],"e":null}')).toEqual([
      { path: "a.b", value: "1, 2" },
      { path: "c.0.d", value: "true" },
    ]);
    expect(attributes("no json")).toEqual([{ path: "rest", value: "no json" }]);
    expect(attributes(undefined)).toEqual([]);
  });
});

describe("the table", () => {
  it("says an account only when it is another one", () => {
    const user = columnOf("user");
    expect(user.text({ actor_user_name: "a.isbell", user_name: "A.Isbell" })).toBe("a.isbell");
    expect(user.text({ actor_user_name: "a.isbell", user_name: "svc-backup" })).toBe("a.isbell → svc-backup");
    expect(user.text({ user_name: "root" })).toBe("root");
  });

  it("names a host by its first piece and leaves addresses whole", () => {
    const host = columnOf("host");
    expect(host.text({ device_hostname: "WS-ED-03.lakeside.example" })).toBe("WS-ED-03");
    expect(host.text({ src_endpoint_ip: "10.20.20.12", dst_endpoint_hostname: "pacs.lakeside.example" })).toBe("10.20.20.12 → pacs");
    expect(titleOfCell(host, { src_endpoint_ip: "10.20.20.12", dst_endpoint_ip: "fe80::1" })).toBe("10.20.20.12 · fe80::1");
  });

  it("keeps the end of a long source", () => {
    expect(shortSource("http/import/network/zeek-clients/conn.json")).toBe("…/zeek-clients/conn.json");
    expect(shortSource("syslog/fw01")).toBe("syslog/fw01");
  });

  it("reads its columns from the address and says the usual ones as nothing", () => {
    expect(columnsOf(null).map((column) => column.id)).toEqual(COMPOSED.map((column) => column.id));
    expect(columnsOf("time,process_cmd_line,time,<b>").map((column) => column.id)).toEqual(["time", "process_cmd_line"]);
    expect(saidColumns(COMPOSED.map((column) => column.id))).toBeNull();
    expect(saidColumns(["time"])).toBe("time");
  });

  it("knows how wide it is at least", () => {
    const { grid, px } = widths(columnsOf("time,user"));
    expect(grid).toBe("148px minmax(80px, 1fr)");
    expect(px).toBe(148 + 80 + 12 + 32);
  });
});

it("a saved search comes back as it was, and a plain filter is one", () => {
  const kept = { mode: "sql" as const, text: "select 1", range: "7d", columns: "time,user" };
  expect(unpacked(packed(kept))).toEqual(kept);
  expect(unpacked("user:jdoe")).toEqual({ mode: "filter", text: "user:jdoe", range: null, columns: null });
  expect(unpacked('{"x":1}')).toEqual({ mode: "filter", text: '{"x":1}', range: null, columns: null });
});
