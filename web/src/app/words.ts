/** Numbers, moments and names as people read them. */

import type { EntityKind, Level, Schemas } from "../api/client";

/** Worst first. */
export const LEVELS: readonly Level[] = ["critical", "high", "medium", "low", "informational"];

export const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  critical: "Critical",
  high: "High",
  medium: "Medium",
  low: "Low",
  informational: "Info",
};

export const STATE_WORDS: Readonly<Record<Schemas["GroupState"], string>> = { open: "Open", acknowledged: "In work", closed: "Closed" };

export const VERDICT_WORDS: Readonly<Record<Schemas["Verdict"], string>> = {
  true_positive: "It was an attack or misuse",
  benign: "It happened and was allowed",
  false_positive: "It did not happen: the rule is wrong",
};

export const KIND_WORDS: Readonly<Record<EntityKind, string>> = { user: "User", host: "Host", device: "Device", patient: "Patient", source: "Source" };

/** OCSF classes that sources of a hospital make; others show their number. */
const CLASSES: Readonly<Record<number, string>> = {
  0: "Something else",
  1001: "File activity",
  1002: "Kernel extension",
  1005: "Module activity",
  1006: "Scheduled job",
  1007: "Process activity",
  1008: "Event log activity",
  1009: "Script activity",
  201001: "Registry key",
  201002: "Registry value",
  201004: "Windows service",
  2004: "Detection",
  3001: "Account change",
  3002: "Sign-in",
  3003: "Rights at a sign-in",
  3005: "Access management",
  3006: "Group management",
  4001: "Network activity",
  4002: "HTTP",
  4003: "DNS",
  4004: "DHCP",
  4005: "RDP",
  4006: "SMB",
  4007: "SSH",
  4008: "FTP",
  6003: "API activity",
  87006001: "Record access",
  87006002: "DICOM (images)",
  87006003: "Clinical message",
  87006004: "Medical device",
};

export function className(classUid: number): string {
  return CLASSES[classUid] ?? `Class ${classUid}`;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function count(value: number): string {
  return value < 100_000 ? whole.format(value) : short.format(value);
}

/** `3 findings`, `1 finding`. */
export function many(value: number, one: string, more = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;

export function bytes(value: number): string {
  let unit = 0;
  let left = value;
  while (left >= 1024 && unit < UNITS.length - 1) {
    left /= 1024;
    unit += 1;
  }
  return `${unit === 0 || left >= 100 ? whole.format(left) : left.toFixed(1)} ${UNITS[unit]}`;
}

const pad = (value: number) => String(value).padStart(2, "0");

/** Day and time of this browser's zone, to the second. */
export function moment(text: string | null | undefined): string {
  if (!text) return "";
  const at = new Date(text);
  return `${day(at)} ${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** The same as short as it can be beside `now`: the time today, day and time before. */
export function momentShort(text: string | null | undefined, now: Date): string {
  if (!text) return "";
  const at = new Date(text);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  if (day(at) === day(now)) return `${time}:${pad(at.getSeconds())}`;
  return `${day(at)} ${time}`;
}

function day(at: Date): string {
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}

/** `4 min`, `3 h`, `2 d`. */
export function span(seconds: number): string {
  const value = Math.max(0, Math.round(seconds));
  if (value < 90) return `${value} s`;
  if (value < 90 * 60) return `${Math.round(value / 60)} min`;
  if (value < 48 * 3600) return `${Math.round(value / 3600)} h`;
  return `${Math.round(value / 86_400)} d`;
}

/** `4 min ago` beside the clock of the node. */
export function ago(text: string | null | undefined, now: Date): string {
  if (!text) return "never";
  const seconds = (now.getTime() - new Date(text).getTime()) / 1000;
  if (seconds < 5) return "just now";
  return `${span(seconds)} ago`;
}
