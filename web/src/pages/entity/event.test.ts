import { expect, test } from "vitest";
import { detailOf, isBreakGlass, kindOf, titleOf } from "./event";

test("an event is called by its class and action, in OCSF's word where the console has none", () => {
  expect(titleOf({ class_uid: 87006001, class_name: "Health Record Activity", activity_name: "View" })).toBe("Record access, View");
  expect(titleOf({ class_uid: 5001, class_name: "Device Inventory Info", activity_name: "Unknown" })).toBe("Device Inventory Info");
  expect(titleOf({ class_uid: 4242 })).toBe("Class 4242");
});

test("the detail is what the event was about", () => {
  expect(detailOf({ hl7_message_type: "ADT", hl7_message_trigger_event: "A01", app_name: "x" })).toBe("ADT^A01");
  expect(detailOf({ process_cmd_line: "wevtutil cl", actor_process_name: "cmd.exe" })).toBe("wevtutil cl");
  expect(detailOf({ rest: '{"share":"units","file":{"path":"/srv/a.dcm"}}' })).toBe("/srv/a.dcm");
  expect([{ class_uid: 3002, position: 5 }, { rest: "{" }, { rest: "null" }].map(detailOf)).toEqual(["", "", ""]);
});

test("break-glass is only what the data says", () => {
  expect([{ is_break_glass: true }, { is_break_glass: false }, {}].map(isBreakGlass)).toEqual([true, false, false]);
});

test("names in columns lead to pages of their kind", () => {
  expect(["actor_user_name", "src_endpoint_ip", "patient_ref", "medical_device_uid", "app_name"].map(kindOf)).toEqual(["user", "host", "patient", "device", undefined]);
});
