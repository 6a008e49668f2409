/** The columns of events in people's words: how they are grouped, what their numbers mean, which stand in the table. */

import { moment } from "../../app/words";

/** An event as the node gives it: columns without a value are left out. */
export type EventRow = Readonly<Record<string, unknown>>;

export interface ColumnGroup {
  readonly title: string;
  readonly columns: readonly (readonly [name: string, title: string])[];
}

/** In the order in which somebody reads an event. What is not here stands under its own name at the end. */
export const GROUPS: readonly ColumnGroup[] = [
  {
    title: "What happened",
    columns: [
      ["time", "Event time"], ["class_name", "Class"], ["activity_name", "Action"], ["status_id", "Outcome"], ["status_code", "Outcome code"], ["severity_id", "Severity"],
      ["action_id", "Reaction"], ["disposition_id", "Disposition"], ["metadata_event_code", "Event code"], ["finding_info_title", "Reported finding"], ["finding_info_uid", "Finding id"], ["malware_name", "Malware"],
    ],
  },
  {
    title: "Who",
    columns: [
      ["actor_user_name", "Acting user"], ["actor_user_uid", "Acting user id"], ["actor_user_domain", "Acting user domain"], ["actor_session_uid", "Session"], ["user_name", "Account"],
      ["user_uid", "Account id"], ["user_domain", "Account domain"], ["group_name", "Group"], ["logon_type_id", "Kind of sign-in"], ["auth_protocol", "Protocol of sign-in"], ["auth_protocol_id", "Protocol number"],
    ],
  },
  {
    title: "Patient and care",
    columns: [
      ["patient_ref", "Patient reference"], ["patient_refs", "Patient references"], ["care_unit", "Unit of care"], ["purpose_of_use", "Purpose stated"], ["is_break_glass", "Break-glass"],
      ["record_types", "Kind of record"], ["record_count", "Records"],
    ],
  },
  {
    title: "Where",
    columns: [
      ["device_hostname", "Host"], ["app_name", "Application"], ["src_endpoint_hostname", "From host"], ["src_endpoint_ip", "From address"], ["src_endpoint_port", "From port"], ["src_endpoint_mac", "From MAC"],
      ["dst_endpoint_hostname", "To host"], ["dst_endpoint_ip", "To address"], ["dst_endpoint_port", "To port"],
    ],
  },
  {
    title: "Programs",
    columns: [
      ["process_name", "Program"], ["process_file_path", "Program file"], ["process_cmd_line", "Command line"], ["process_pid", "Process id"], ["process_uid", "Process key"], ["process_integrity_id", "Integrity"],
      ["actor_process_name", "Acting program"], ["actor_process_file_path", "Acting program file"], ["actor_process_cmd_line", "Acting command line"], ["actor_process_pid", "Acting process id"],
      ["process_parent_process_name", "Parent program"], ["process_parent_process_file_path", "Parent program file"], ["process_parent_process_cmd_line", "Parent command line"], ["process_parent_process_pid", "Parent process id"],
      ["service_name", "Service"], ["job_name", "Scheduled job"],
    ],
  },
  {
    title: "Files and registry",
    columns: [
      ["file_path", "File path"], ["file_name", "File"], ["file_hash_sha256", "SHA-256"], ["file_hash_sha1", "SHA-1"], ["file_hash_md5", "MD5"], ["reg_path", "Registry key"], ["reg_value_name", "Registry value"], ["reg_value_data", "Registry data"],
    ],
  },
  {
    title: "Network",
    columns: [
      ["connection_info_protocol_name", "Protocol"], ["connection_info_direction_id", "Direction"], ["connection_info_uid", "Connection"], ["traffic_bytes_in", "Bytes in"], ["traffic_bytes_out", "Bytes out"], ["duration", "Duration, ms"],
      ["firewall_rule_name", "Firewall rule"], ["tls_sni", "TLS name"], ["query_hostname", "Name asked for"], ["query_type", "Type of question"], ["rcode_id", "DNS answer"], ["http_request_http_method", "Method"],
      ["http_request_url_hostname", "Web host"], ["http_request_url_path", "Web path"], ["http_request_user_agent", "Browser"], ["http_response_code", "Web answer"], ["api_operation", "API operation"],
      ["api_service_name", "API service"], ["cloud_provider", "Cloud"], ["cloud_account_uid", "Cloud account"],
    ],
  },
  {
    title: "Clinical systems",
    columns: [
      ["dicom_calling_ae", "DICOM caller"], ["dicom_called_ae", "DICOM called"], ["dicom_modality", "Modality"], ["hl7_message_type", "HL7 message"], ["hl7_message_trigger_event", "HL7 trigger"],
      ["hl7_message_sending_application", "HL7 sender"], ["hl7_message_receiving_application", "HL7 receiver"], ["hl7_message_ack_code", "HL7 answer"], ["medical_device_uid", "Device"], ["medical_device_type", "Kind of device"], ["medical_device_model", "Model of device"],
    ],
  },
  {
    title: "Where it comes from",
    columns: [
      ["source", "Source"], ["site", "Site"], ["metadata_product_name", "Product"], ["metadata_log_name", "Log"], ["received", "Received"], ["event_table", "Event table"], ["class_uid", "Class number"], ["activity_id", "Action number"],
      ["event_id", "Event id"], ["record_sha256", "SHA-256 of the record"], ["position", "Position in the log"], ["record_index", "Place in the record"],
    ],
  },
];

const TITLES: ReadonlyMap<string, string> = new Map(GROUPS.flatMap((group) => group.columns));

/** `actor_user_name` is `Acting user`; a column that nobody named keeps its own name. */
export function titleOf(column: string): string {
  return TITLES.get(column) ?? column;
}

/** Numbers of OCSF 1.8 in words. */
const MEANINGS: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  status_id: { 0: "unknown", 1: "success", 2: "failure", 99: "other" },
  severity_id: { 0: "unknown", 1: "informational", 2: "low", 3: "medium", 4: "high", 5: "critical", 6: "fatal", 99: "other" },
  action_id: { 0: "unknown", 1: "allowed", 2: "denied", 3: "observed", 4: "modified", 99: "other" },
  disposition_id: { 0: "unknown", 1: "allowed", 2: "blocked", 3: "quarantined", 4: "isolated", 5: "deleted", 6: "dropped", 7: "custom action", 8: "approved", 9: "restored", 10: "exonerated", 11: "corrected", 12: "partially corrected", 13: "uncorrected", 14: "delayed", 15: "detected", 16: "no action", 17: "logged", 18: "tagged", 19: "alerted", 20: "counted", 21: "reset", 22: "captcha", 23: "challenged", 24: "access revoked", 25: "rejected", 26: "unauthorized", 27: "error", 99: "other" },
  logon_type_id: { 0: "unknown", 1: "system", 2: "interactive", 3: "network", 4: "batch", 5: "service", 7: "unlock", 8: "network, clear text", 9: "new credentials", 10: "remote desktop", 11: "cached", 12: "cached remote", 13: "cached unlock", 99: "other" },
  connection_info_direction_id: { 0: "unknown", 1: "inbound", 2: "outbound", 3: "lateral", 99: "other" },
  process_integrity_id: { 0: "unknown", 1: "untrusted", 2: "low", 3: "medium", 4: "high", 5: "system", 6: "protected", 99: "other" },
};

/** What the levels and outcomes are called in the filter language. */
const LANGUAGE_WORDS: ReadonlySet<string> = new Set(["status_id", "severity_id"]);

/** A value as people read it. */
export function textOfValue(column: string, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (column === "time" || column === "received") return momentExact(String(value));
  if (typeof value === "number") return MEANINGS[column]?.[value] ?? String(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map(String).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** To the thousandth of a second: the order of events hangs on it. */
export function momentExact(text: string): string {
  const thousandths = /\.(\d{3})/.exec(text)?.[1] ?? "000";
  return `${moment(text)}.${thousandths}`;
}

/** Columns that hold the same as another for the engine's own use. */
export function isHidden(column: string): boolean {
  return column.endsWith("_bytes") || column === "event_day";
}

export interface Filterable {
  readonly field: string;
  readonly value: string;
}

export interface FieldHelp {
  readonly name: string;
  readonly columns: readonly string[];
  readonly meaning: string;
}

/** Neither text nor a number: the language has no condition for these. */
const UNFILTERED: ReadonlySet<string> = new Set(["time", "received", "record_sha256", "event_day", "rest"]);

/** The shortest word of the language for exactly this column. */
export function fieldOf(column: string, fields: readonly FieldHelp[]): string {
  if (column === "patient_refs") return "patient";
  return fields.find((field) => field.columns.length === 1 && field.columns[0] === column)?.name ?? column;
}

/** A value as the language asks for it; `undefined` when it cannot. */
export function filterable(column: string, value: unknown, fields: readonly FieldHelp[]): Filterable | undefined {
  if (UNFILTERED.has(column) || isHidden(column) || value === null || value === undefined || typeof value === "object") return undefined;
  const meant = typeof value === "number" && LANGUAGE_WORDS.has(column) ? (MEANINGS[column]?.[value] ?? String(value)) : String(value);
  // a level of the source's own has no word
  if (column === "severity_id" && (meant === "other" || /^\d+$/.test(meant))) return { field: "severity_id", value: String(value) };
  return { field: fieldOf(column, fields), value: meant };
}

/** One attribute of an event that has no column: where it stands and what it says. */
export interface Attribute {
  readonly path: string;
  readonly value: string;
}

const ATTRIBUTES_MAX = 400;

/** The attributes without a column, each by its path, out of the JSON of `rest`. */
export function attributes(rest: unknown): Attribute[] {
  if (typeof rest !== "string") return [];
  const found: Attribute[] = [];
  const walk = (path: string, value: unknown) => {
    if (found.length >= ATTRIBUTES_MAX || value === null) return;
    if (Array.isArray(value) && value.every((one) => typeof one !== "object")) found.push({ path, value: value.map(String).join(", ") });
    else if (typeof value === "object") Object.entries(value).forEach(([name, one]) => walk(path ? `${path}.${name}` : name, one));
    else found.push({ path, value: String(value) });
  };
  try {
    walk("", JSON.parse(rest));
  } catch {
    return [{ path: "rest", value: rest }];
  }
  return found;
}

export interface Fact {
  readonly column: string;
  readonly title: string;
  readonly value: unknown;
}

/** What an event says, in groups; groups without anything are left out. */
export function grouped(row: EventRow): { readonly title: string; readonly facts: readonly Fact[] }[] {
  const has = (column: string) => row[column] !== undefined && row[column] !== null && row[column] !== "";
  const fact = (column: string): Fact => ({ column, title: titleOf(column), value: row[column] });
  const groups = GROUPS.map((group) => ({ title: group.title, facts: group.columns.map(([name]) => name).filter(has).map(fact) }));
  const others = Object.keys(row).filter((column) => !TITLES.has(column) && column !== "rest" && !isHidden(column) && has(column));
  return [...groups, { title: "More", facts: others.map(fact) }].filter((group) => group.facts.length > 0);
}
