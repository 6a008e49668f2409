/** One event in a line: what it was about beside its class and its action. Pure. */

import type { EntityKind } from "../../api/client";
import { className } from "../../app/words";
import type { EventRow } from "../explore/columns";

/** Columns that say what it was about, the most telling first; the first that has a value is shown. */
const DETAILS: readonly (readonly string[])[] = [
  ["finding_info_title", "malware_name"],
  ["query_hostname", "http_request_url_path", "api_operation"],
  ["file_name", "file_path", "reg_value_name", "reg_path", "service_name", "job_name", "group_name"],
  ["process_cmd_line", "process_name", "process_file_path"],
  ["medical_device_uid", "dicom_called_ae", "record_types", "care_unit"],
  ["actor_process_cmd_line", "actor_process_name", "app_name"],
];

/** What has no column in the table of its class, by its path in `rest`: files on shares, names of cloud calls. */
const PATHS: readonly string[] = ["file.path", "file.name", "share", "log_name", "command"];

function restOf(row: EventRow): string {
  if (typeof row["rest"] !== "string") return "";
  try {
    const rest = JSON.parse(row["rest"]) as unknown;
    const at = (path: string) => path.split(".").reduce<unknown>((value, name) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined), rest);
    return PATHS.map(at).find((value): value is string => typeof value === "string" && value !== "") ?? "";
  } catch {
    return "";
  }
}

export function detailOf(row: EventRow): string {
  const text = (column: string) => (typeof row[column] === "string" ? row[column] : "");
  const message = [text("hl7_message_type"), text("hl7_message_trigger_event")].filter(Boolean).join("^");
  if (message) return message;
  return DETAILS.flat().map(text).find(Boolean) ?? restOf(row);
}

/** `Record access, View`; a class that the console has no word for has that of OCSF. */
export function titleOf(row: EventRow): string {
  const known = className(Number(row["class_uid"]));
  const kind = /^Class \d+$/.test(known) && typeof row["class_name"] === "string" ? row["class_name"] : known;
  const action = typeof row["activity_name"] === "string" && row["activity_name"] !== "Unknown" ? row["activity_name"] : "";
  return action ? `${kind}, ${action}` : kind;
}

export function isBreakGlass(row: EventRow): boolean {
  return row["is_break_glass"] === true;
}

/** OCSF: status 2 is failure. */
export function isFailed(row: EventRow): boolean {
  return row["status_id"] === 2;
}

/** What the value of a column names, if it has a page of its own. */
const PAGES: Readonly<Record<string, EntityKind>> = {
  actor_user_name: "user",
  user_name: "user",
  device_hostname: "host",
  src_endpoint_hostname: "host",
  dst_endpoint_hostname: "host",
  src_endpoint_ip: "host",
  dst_endpoint_ip: "host",
  patient_ref: "patient",
  patient_refs: "patient",
  medical_device_uid: "device",
  source: "source",
};

export function kindOf(column: string): EntityKind | undefined {
  return PAGES[column];
}
