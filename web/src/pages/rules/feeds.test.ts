import { describe, expect, it } from "vitest";
import { belongs, feeder, looks, question, together, type Heard, type Seen } from "./feeds";
import { TABLES } from "./tables";

const heard = (product: string, log: string, classUid = 0, code = ""): Heard => ({ product, log, classUid, code, events: 10 });
const seen = (...all: Heard[]): Seen => ({ heard: all, isCut: false, isHealthOnly: false });
const verdict = (words: string, ...all: Heard[]) => feeder(seen(...all), TABLES)(words).verdict;

const SYSMON = "microsoft-windows-sysmon/operational";

describe("a rule's words", () => {
  it("are product, category and service in this order, with what is left out", () => {
    const sysmon = { product: "windows", category: "process_creation", service: "sysmon" };
    for (const words of ["windows", "process_creation", "sysmon", "windows/sysmon", "windows/process_creation", "windows/process_creation/sysmon"]) expect(looks(words, sysmon)).toBe(true);
    for (const words of ["linux", "sysmon/windows", "windows/security", "windows/process_creation/security"]) expect(looks(words, sysmon)).toBe(false);
  });
});

describe("what events belong to", () => {
  it("follows the channel and the event id of Windows", () => {
    expect(verdict("windows/security", heard("Windows", "security", 3002))).toBe("heard");
    expect(verdict("windows/process_creation", heard("Windows", "security", 3002))).toBe("silent");
    expect(verdict("windows/process_creation", heard("Windows", "security", 1007, "4688"))).toBe("heard");
    expect(verdict("windows/process_creation", heard("Sysmon", SYSMON, 1007, "1"))).toBe("heard");
    expect(verdict("windows/registry_set", heard("Sysmon", SYSMON, 1007, "1"))).toBe("silent");
    expect(verdict("windows/ps_script", heard("Windows", "microsoft-windows-powershell/operational", 1009, "4104"))).toBe("heard");
    expect(verdict("windows/windefend", heard("Microsoft Defender Antivirus", "microsoft-windows-windows defender/operational"))).toBe("heard");
    expect(verdict("windows/security", heard("PAN-OS", "system"))).toBe("silent");
    expect(verdict("windows/system", heard("PAN-OS", "system"))).toBe("silent");
  });

  it("follows names of programs, sensors and devices", () => {
    const all: readonly (readonly [string, Heard])[] = [
      ["linux/sshd", heard("Linux", "sshd", 3002)],
      ["linux/auth", heard("Linux", "sshd", 3002)],
      ["linux/syslog", heard("Linux", "systemd")],
      ["samba/full_audit", heard("Linux", "smbd_audit", 4006)],
      ["linux/process_creation", heard("Linux Audit", "auditd", 1007)],
      ["process_creation", heard("Linux Audit", "auditd", 1007)],
      ["zeek/conn", heard("Zeek", "conn", 4001)],
      ["suricata/alert", heard("Suricata", "alert", 2004)],
      ["fortigate/event", heard("FortiGate", "event", 3002)],
      ["cisco/asa", heard("ASA", "asa", 4001)],
      ["esxi/hostd", heard("ESXi", "hostd")],
      ["vmware", heard("ESXi", "shell", 1007)],
      ["webserver", heard("weblog", "weblog", 4002)],
      ["windows/dns-server-debug", heard("Windows", "dns-server-debug", 4003)],
      ["kubernetes/audit", heard("Kubernetes", "audit", 6003)],
      ["aws/cloudtrail", heard("CloudTrail", "cloudtrail", 6003)],
    ];
    expect(all.filter(([words, one]) => verdict(words, one) !== "heard").map(([words]) => words)).toEqual([]);
    expect(verdict("zeek/http", heard("Zeek", "conn", 4001))).toBe("silent");
    expect(verdict("linux/process_creation", heard("Linux Audit", "auditd", 0))).toBe("silent");
  });

  it("follows the classes of health care", () => {
    expect(verdict("record_access", heard("csv", "csv", 87006001))).toBe("heard");
    expect(verdict("record_access", heard("FHIR server", "auditevent", 87006002))).toBe("heard");
    expect(verdict("dicom_activity", heard("ATNA audit source", "auditmessage", 87006001))).toBe("silent");
    expect(verdict("medical_device", heard("Device Gateway", "syslog", 87006004))).toBe("heard");
    expect(verdict("hl7_message", heard("HL7 v2 interface", "v2", 87006003))).toBe("heard");
    // a query is an access too, and events do not tell queries from other messages
    expect(verdict("record_access", heard("HL7 v2 interface", "v2", 87006003))).toBe("perhaps");
  });
});

describe("what is not heard", () => {
  it("is told from what events do not show and from what nobody reads", () => {
    expect(verdict("okta/okta")).toBe("silent");
    expect(verdict("checkpoint/firewall")).toBe("untold");
    expect(verdict("firewall")).toBe("untold");
    expect(verdict("bd/medical_device")).toBe("untold");
    expect(verdict("macos/process_creation")).toBe("unread");
    expect(verdict("")).toBe("untold");
  });

  it("is no certainty when not everything was counted or may be seen", () => {
    expect(feeder({ ...seen(), isCut: true }, TABLES)("okta/okta").verdict).toBe("untold");
    expect(feeder({ ...seen(), isHealthOnly: true }, TABLES)("okta/okta").verdict).toBe("hidden");
    expect(feeder({ ...seen(), isHealthOnly: true }, TABLES)("record_access").verdict).toBe("silent");
  });

  it("may be among events of several log sources that look alike", () => {
    expect(verdict("m365/exchange", heard("Microsoft 365", "audit", 6003))).toBe("perhaps");
    expect(verdict("m365/audit", heard("Microsoft 365", "audit", 6003))).toBe("heard");
  });
});

it("events that nobody can place belong to nothing", () => {
  expect(belongs(heard("VPN-1 & FireWall-1", "syslog"), TABLES)).toEqual({ certain: [], possible: [] });
});

it("a rule over others needs any or all of them", () => {
  expect(together(["silent", "heard"], false)).toBe("heard");
  expect(together(["silent", "heard"], true)).toBe("silent");
  expect(together(["untold", "heard"], true)).toBe("untold");
  expect(together(["silent", "untold"], false)).toBe("untold");
  expect(together(["heard", "heard"], true)).toBe("heard");
  expect(together(["silent", "unread"], false)).toBe("silent");
  expect(together([], true)).toBe("untold");
});

it("the question counts by what tells, from a moment on", () => {
  const sql = question(new Date("2026-02-17T18:00:00Z"), TABLES);
  expect(sql).toContain("when lower(metadata_log_name) = 'security' and metadata_event_code in ('4688', '5152', '5156', '5157') then metadata_event_code");
  expect(sql).toContain("received >= timestamp '2026-02-17T18:00:00.000Z' and event_day >= date '2026-02-17'");
});
