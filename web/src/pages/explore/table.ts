/** What the table of events shows: columns that say one thing out of several of the event, and every column by its own name. */

import { moment } from "../../app/words";
import { textOfValue, titleOf, type EventRow } from "./columns";

export interface TableColumn {
  readonly id: string;
  readonly title: string;
  /** Narrowest, in px, and how much of the room that is left it gets. */
  readonly width: number;
  readonly share: number;
  /** Columns of the event that it is made of. */
  readonly of: readonly string[];
  readonly text: (row: EventRow) => string;
}

const words = (row: EventRow, ...columns: readonly string[]) => columns.map((column) => textOfValue(column, row[column])).find((text) => text !== "") ?? "";

/** What is not the same twice: `a.isbell`, `a.isbell → svc-backup`. */
function towards(from: string, to: string): string {
  if (!from || !to || from.toLowerCase() === to.toLowerCase()) return from || to;
  return `${from} → ${to}`;
}

/** The first piece of a host's name; an address stays whole. */
export function shortHost(name: string): string {
  return /^[\d.]+$|:/.test(name) ? name : (name.split(".")[0] ?? name);
}

function hostOf(row: EventRow): string {
  const own = words(row, "device_hostname");
  const from = words(row, "src_endpoint_hostname", "src_endpoint_ip");
  const to = words(row, "dst_endpoint_hostname", "dst_endpoint_ip");
  return own ? shortHost(own) : towards(shortHost(from), shortHost(to));
}

/** `p-442e307d…`: enough to tell two apart. */
export function shortPatient(ref: string): string {
  return ref.length > 14 ? `${ref.slice(0, 10)}…` : ref;
}

/** A source as short as it still says what it is: its last two pieces. */
export function shortSource(source: string): string {
  const parts = source.split(/[/!]/).filter(Boolean);
  return parts.length > 2 ? `…/${parts.slice(-2).join("/")}` : source;
}

/** `Health Record Activity` without what all have. */
export function shortClass(name: string): string {
  return name.replace(/ Activity$/, "");
}

/** Columns of the table that say one thing out of several columns of the event. */
export const COMPOSED: readonly TableColumn[] = [
  { id: "time", title: "Time", width: 148, share: 0, of: ["time"], text: (row) => moment(String(row["time"] ?? "")) },
  { id: "class", title: "Class", width: 96, share: 0.9, of: ["class_name"], text: (row) => shortClass(words(row, "class_name")) },
  { id: "user", title: "User", width: 80, share: 1, of: ["actor_user_name", "user_name"], text: (row) => towards(words(row, "actor_user_name"), words(row, "user_name")) },
  { id: "host", title: "Host", width: 92, share: 1.6, of: ["device_hostname", "src_endpoint_hostname", "src_endpoint_ip", "dst_endpoint_hostname", "dst_endpoint_ip"], text: hostOf },
  { id: "patient", title: "Patient", width: 90, share: 0, of: ["patient_ref"], text: (row) => shortPatient(words(row, "patient_ref")) },
  { id: "action", title: "Action", width: 100, share: 1.1, of: ["activity_name", "status_id"], text: (row) => words(row, "activity_name") },
  { id: "source", title: "Source", width: 66, share: 1.2, of: ["source"], text: (row) => shortSource(words(row, "source")) },
];

export const DEFAULT_COLUMNS: readonly string[] = COMPOSED.map((column) => column.id);
/** Most columns beside each other. */
export const COLUMNS_MAX = 24;

/** The column of an id: composed, or one of the event by its own name. */
export function columnOf(id: string): TableColumn {
  const known = COMPOSED.find((column) => column.id === id);
  if (known) return known;
  return { id, title: titleOf(id), width: 130, share: 1, of: [id], text: (row) => textOfValue(id, row[id]) };
}

/** `cols` of the address: names of columns, which say nothing of anybody. */
export function columnsOf(said: string | null): TableColumn[] {
  const ids = (said ?? "").split(",").filter((id) => /^[a-z0-9_]{1,64}$/.test(id));
  return (ids.length > 0 ? [...new Set(ids)].slice(0, COLUMNS_MAX) : DEFAULT_COLUMNS).map(columnOf);
}

/** How the address says these columns; `null` when they are the usual ones. */
export function saidColumns(ids: readonly string[]): string | null {
  const said = ids.join(",");
  return said === DEFAULT_COLUMNS.join(",") || said === "" ? null : said;
}

export const GAP_PX = 12;
export const EDGE_PX = 16;

/** Widths as `grid-template-columns` has them, and what they need together. */
export function widths(columns: readonly TableColumn[]): { readonly grid: string; readonly px: number } {
  const grid = columns.map((column) => (column.share > 0 ? `minmax(${column.width}px, ${column.share}fr)` : `${column.width}px`)).join(" ");
  const px = columns.reduce((sum, column) => sum + column.width + GAP_PX, 2 * EDGE_PX - GAP_PX);
  return { grid, px };
}

/** What the outcome adds to an action: only what did not go well, or was not known to. */
export function outcomeOf(row: EventRow): "failed" | undefined {
  return row["status_id"] === 2 ? "failed" : undefined;
}

/** The whole of what a cell stands for, where it shows less. */
export function titleOfCell(column: TableColumn, row: EventRow): string {
  return column.of.map((name) => textOfValue(name, row[name])).filter(Boolean).join(" · ");
}
