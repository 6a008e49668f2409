/** Who opened one record, as the node tells it, and that in words. */

import { answer, api, type Schemas } from "../../api/client";
import { many } from "../../app/words";

export type PatientRecord = Schemas["PatientRecord"];
export type RecordAccess = Schemas["RecordAccess"];
export type RecordDisclosure = Schemas["RecordDisclosure"];
export type Judged = Schemas["Judged"];

export interface Period {
  readonly from?: string;
  readonly until?: string;
}

/** Which accesses are looked at. */
export type Narrowed = Judged | "break_glass" | "";

export const NARROWED: readonly { readonly word: Narrowed; readonly name: string }[] = [
  { word: "", name: "All accesses" },
  { word: "unexplained", name: "No reason found in the data" },
  { word: "withheld", name: "Cannot be judged yet" },
  { word: "explained", name: "With a reason" },
  { word: "break_glass", name: "With break-glass" },
];

/** Asks by a handle: the pseudonym stands in no address. */
export function readRecord(handle: string, period: Period, signal: AbortSignal): Promise<PatientRecord> {
  return answer(api.GET("/api/v1/privacy/records/{patient_ref}", { params: { path: { patient_ref: handle }, query: period }, signal }));
}

/** Where a list is taken out as CSV. */
export function exportOf(handle: string, period: Period, of: "accesses" | "disclosures"): string {
  const query = new URLSearchParams({ ...period, of });
  return `/api/v1/privacy/records/${encodeURIComponent(handle)}/export?${query.toString()}`;
}

export function narrowed(accesses: readonly RecordAccess[], to: Narrowed): RecordAccess[] {
  return accesses.filter((access) => to === "" || (to === "break_glass" ? access.break_glass : access.judged === to));
}

/** What the accesses come to, in sentences; beside them so many that another role looks into. */
export function summary(accesses: readonly RecordAccess[], forOthers: number): string[] {
  if (accesses.length === 0) return [forOthers > 0 ? "No access in this time is for you to look into." : "Nobody opened this record in this time, as far as the node has heard."];
  const people = new Set(accesses.map((access) => access.user.name ?? "")).size;
  const of = (to: Narrowed) => narrowed(accesses, to).length;
  const [found, bare, waits, glass] = [of("explained"), of("unexplained"), of("withheld"), of("break_glass")];
  const parts = [
    ...(found > 0 ? [found === accesses.length ? "a reason was found for each" : `a reason was found for ${found}`] : []),
    ...(bare > 0 ? [bare === accesses.length ? "no reason was found in the data" : `for ${bare} no reason was found in the data`] : []),
    ...(waits > 0 ? [waits === accesses.length ? "none can be judged yet" : `${waits} cannot be judged yet`] : []),
  ];
  const sentences = [`${many(accesses.length, "access", "accesses")} by ${many(people, "account")}: ${parts.join("; ")}.`];
  if (glass > 0) sentences.push(`${glass === 1 ? "One" : glass} of them with break-glass, the emergency override.`);
  return sentences;
}

/** What the accounting comes to, in a sentence. */
export function counted(disclosures: readonly RecordDisclosure[]): string {
  const all = disclosures.reduce((sum, one) => sum + one.count, 0);
  if (all === 0) return "No disclosure that has to be accounted for is known in this time.";
  return `${many(all, "disclosure")} to ${many(new Set(disclosures.map((one) => one.recipient)).size, "recipient")}.`;
}

/** What for: a code; a reason in words stands in the record of the event alone. */
export function purposeOf({ purpose }: RecordAccess): string {
  return purpose.startsWith("in words") ? "in words" : purpose;
}

/** Where it was: what the source knows of it. */
export function placeOf({ workstation, address, location, application, source }: RecordAccess): { readonly where: string; readonly by: string } {
  return { where: [workstation || address, location].filter(Boolean).join(", ") || "not known", by: application || source };
}

/** The first moment of a day in the zone of the browser, as the node takes it; nothing for no day. */
export function startOf(day: string, daysOn = 0): string | null {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return null;
  return new Date(year, month - 1, date + daysOn).toISOString();
}

/** The day of a moment in the zone of the browser, as a field of a form takes it. */
export function dayOf(at: string | null, daysOn = 0): string {
  if (!at) return "";
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "";
  time.setDate(time.getDate() + daysOn);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())}`;
}
