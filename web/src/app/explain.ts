/** Why a finding is there, in a sentence, out of its explanation (`docs/specs/state.md`). */

import type { Finding } from "../api/client";
import { isLearnt } from "./learnt";
import { span } from "./words";

export interface Matched {
  readonly field: string;
  readonly value: string;
  readonly pattern: string;
}

export interface Explanation {
  readonly matched: readonly Matched[];
  readonly events: readonly { readonly event_id: string; readonly source: string }[];
  readonly rule: {
    readonly id: string;
    readonly title: string;
    readonly author: string;
    readonly license: string;
    readonly link: string;
    readonly tags: readonly string[];
    readonly description: string;
    readonly false_positives: readonly string[];
  };
  readonly log_source: { readonly product: string; readonly category: string; readonly service: string };
  readonly origin: {
    readonly kind: string;
    readonly group?: readonly { readonly field: string; readonly value: string }[];
    readonly told?: string;
    readonly window_start?: number;
    readonly window_end?: number;
  };
  readonly later?: { readonly by: string };
}

export function explanationOf(finding: Finding): Explanation {
  return finding.explanation as unknown as Explanation;
}

/** What a rule is about, as its author wrote it, in one line; empty when nothing was written. */
export function meaningOf({ rule }: Explanation): string {
  return rule.description.replace(/\s+/g, " ").trim();
}

/** One sentence: what was seen, of whom, and what of it the rule speaks of. */
export function sentenceOf(finding: Finding): string {
  const { origin, matched, rule } = explanationOf(finding);
  if (rule && isLearnt(rule.id)) return origin.told ?? "";
  if (origin.kind === "correlation") {
    const about = listed((origin.group ?? []).map((one) => `${fieldName(one.field)} ${shortRef(one.value)}`));
    const seconds = ((origin.window_end ?? 0) - (origin.window_start ?? 0)) / 1e6;
    const told = origin.told ?? "several events";
    // how long it took says more than how long it might have taken
    const what = seconds > 1 ? `${told.replace(WITHIN, "")} within ${span(seconds)}` : told;
    return ended(`${capital(inWords(what))}${about ? `, all with ${about}` : ""}`);
  }
  if (matched.length === 0) return "The record is of a kind that the rule always reports.";
  const said = matched.slice(0, 3).map((one) => `${one.field} was “${shortened(one.value)}”`);
  const more = matched.length > 3 ? ` (and ${matched.length - 3} more)` : "";
  return `${capital(listed(said))}${more}.`;
}

const ended = (text: string) => (text.endsWith("…") ? text : `${text}.`);
const WITHIN = / within \d+\w+$/;

/** What the node tells of a correlation, without the words of the rule language. */
function inWords(told: string): string {
  return told.replace(/^(\d+) rules in order/, "$1 rules matched one after the other").replace(/^(\d+) rules(?= within|$)/, "$1 rules matched together").replace(/^(\d+) different values of (\S+)/, "$1 different values of “$2”");
}

/** Fields that the node itself names; others stand as in the record. */
function fieldName(field: string): string {
  return field === "patient_ref" ? "patient" : field;
}

/** References of patients are long and say nothing: their beginning tells them apart. */
function shortRef(value: string): string {
  return /^p-[0-9a-f]{32}$/.test(value) ? `${value.slice(0, 10)}…` : value;
}

/** How a correlation asked, in words; a field of a record keeps its name. */
export function matchedName({ field, pattern }: Matched): string {
  if (/^temporal_ordered /.test(pattern)) return "rules one after the other";
  if (/^temporal /.test(pattern)) return "rules together";
  if (/^event_count /.test(pattern)) return "events";
  return /^value_count /.test(pattern) ? `different ${field}` : fieldName(field);
}

/** ATT&CK techniques among the tags of a rule: `T1021.002`. */
export function techniquesOf(tags: readonly string[]): string[] {
  return tags.flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]?.toUpperCase() ?? []);
}

/** ATT&CK tactics among the tags: `initial access`. */
export function tacticsOf(tags: readonly string[]): string[] {
  return tags.flatMap((tag) => (/^attack\.(?!t\d|s\d|g\d)[a-z-]+$/i.test(tag) ? [tag.slice("attack.".length).replaceAll("-", " ")] : []));
}

const shortened = (text: string) => (text.length > 80 ? `${text.slice(0, 77)}…` : text);
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1) ?? ""}`;
}

export interface Piece {
  readonly text: string;
  readonly isMarked: boolean;
}

const MARKED_MIN = 2;
const PIECES_MAX = 2_000;

/** A record's text in pieces: those that a rule matched are marked, wherever they stand, in any case of letters. */
export function pieces(record: string, matched: readonly Matched[]): Piece[] {
  const values = matched.flatMap((one) => [one.value, escaped(one.value)]).filter((value) => value.trim().length >= MARKED_MIN);
  if (values.length === 0) return [{ text: record, isMarked: false }];
  const known = [...new Set(values)].sort((a, b) => b.length - a.length).map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const found: Piece[] = [];
  let end = 0;
  for (const match of record.matchAll(new RegExp(known.join("|"), "gi"))) {
    if (found.length > PIECES_MAX) break;
    if (match.index > end) found.push({ text: record.slice(end, match.index), isMarked: false });
    found.push({ text: match[0], isMarked: true });
    end = match.index + match[0].length;
  }
  if (end < record.length) found.push({ text: record.slice(end), isMarked: false });
  return found;
}

/** As the value stands in JSON: `C:\\Windows`. */
function escaped(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Bytes of a record for reading: text as it is, JSON in lines, else hexadecimal digits. */
export function readable(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return hex(bytes);
  }
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000e-\u001f]/.test(text.replaceAll("\u000b", "").replaceAll("\u001c", ""))) return hex(bytes);
  try {
    return text.trimStart().startsWith("{") ? JSON.stringify(JSON.parse(text), null, 2) : text.replaceAll("\r", "\n");
  } catch {
    return text;
  }
}

const HEX_BYTES_MAX = 16_384;

function hex(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, HEX_BYTES_MAX); at += 16) {
    const line = [...bytes.subarray(at, at + 16)];
    const digits = line.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const letters = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${digits.padEnd(47)}  ${letters}`);
  }
  if (bytes.length > HEX_BYTES_MAX) lines.push(`… ${bytes.length - HEX_BYTES_MAX} bytes more`);
  return lines.join("\n");
}
