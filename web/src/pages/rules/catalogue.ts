/** Rules as a list that people look through: which values there are, what fits, in which order. No question is asked here. */

import type { Level, Schemas } from "../../api/client";
import { tacticsOf, techniquesOf } from "../../app/explain";
import { LEVELS } from "../../app/words";

export type Rule = Schemas["Rule"];

/** What a rule looks at first: product, else category. Correlations look at other rules. */
export const CORRELATION = "correlation";
/** A rule that is left off is not read: what it looks at is not known. */
export const UNREAD = "unread";

export function looksAt(rule: Rule): string {
  if (rule.is_correlation) return CORRELATION;
  return rule.log_source.split("/")[0] || UNREAD;
}

export function logSourceOf(rule: Rule): string {
  return rule.is_correlation ? CORRELATION : rule.log_source || UNREAD;
}

/** Words of log sources as people write them. */
const NAMES: Readonly<Record<string, string>> = {
  [CORRELATION]: "Several events",
  [UNREAD]: "Not read",
  record_access: "Record access",
  dicom_activity: "DICOM",
  medical_device: "Medical devices",
  hl7_message: "HL7 messages",
  webserver: "Web servers",
  process_creation: "Processes, any system",
  windows: "Windows",
  linux: "Linux",
  zeek: "Zeek",
  suricata: "Suricata",
  fortigate: "FortiGate",
  esxi: "ESXi",
  vmware: "VMware",
  samba: "Samba",
  paloalto: "Palo Alto",
  cisco: "Cisco",
};

export function logName(word: string): string {
  return NAMES[word] ?? word;
}

export type FindingsOf = (rule: Rule) => number;

export interface Field {
  readonly field: string;
  readonly title: string;
  /** A rule may have several values of a field. */
  readonly of: (rule: Rule, findings: FindingsOf) => readonly string[];
  readonly label: (value: string) => string;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** What can be chosen; each stands in the address under its name. */
export const FIELDS: readonly Field[] = [
  { field: "state", title: "State", of: (rule) => [rule.is_enabled ? "on" : "off"], label: (value) => (value === "on" ? "On" : "Off") },
  { field: "level", title: "Level", of: (rule) => [rule.level], label: (value) => ({ informational: "Info" })[value] ?? capital(value) },
  { field: "found", title: "Findings", of: (rule, findings) => [findings(rule) > 0 ? "yes" : "no"], label: (value) => (value === "yes" ? "Has findings" : "Has none") },
  { field: "at", title: "Looks at", of: (rule) => [looksAt(rule)], label: logName },
  { field: "source", title: "Log source", of: (rule) => [logSourceOf(rule)], label: logName },
  { field: "tactic", title: "ATT&CK tactic", of: (rule) => knownOf(rule).tactics, label: capital },
];

export type Chosen = (field: string) => string | null;

interface Known {
  readonly text: string;
  readonly techniques: readonly string[];
  readonly tactics: readonly string[];
}

/** What is asked of a rule with every letter that is typed: there are thousands of rules. */
const known = new WeakMap<Rule, Known>();

function knownOf(rule: Rule): Known {
  const before = known.get(rule);
  if (before) return before;
  const text = [rule.title, rule.id, rule.description, rule.author, rule.log_source, ...rule.tags].join("\n").toLowerCase();
  const now = { text, techniques: [...new Set(techniquesOf(rule.tags))], tactics: tacticsOf(rule.tags) };
  known.set(rule, now);
  return now;
}

/** Every word of what is typed stands somewhere in what the rule says of itself. */
function holding(rules: readonly Rule[], words: string): readonly Rule[] {
  if (words === "") return rules;
  const wanted = words.split(/\s+/);
  return rules.filter((rule) => wanted.every((word) => knownOf(rule).text.includes(word)));
}

/** The fields that are chosen and that a rule does not fit. */
function misses(rule: Rule, chosen: readonly (readonly [Field, string])[], findings: FindingsOf): readonly string[] {
  return chosen.flatMap(([{ field, of }, value]) => (of(rule, findings).includes(value) ? [] : [field]));
}

function chosenFields(chosen: Chosen): readonly (readonly [Field, string])[] {
  return FIELDS.flatMap((field) => {
    const value = chosen(field.field);
    return value === null ? [] : [[field, value] as const];
  });
}

const byTitle = new Intl.Collator("en");

/** What fits, worst first, then those with findings, then by title. */
export function listed(rules: readonly Rule[], words: string, chosen: Chosen, findings: FindingsOf): readonly Rule[] {
  const fields = chosenFields(chosen);
  const kept = holding(rules, words).filter((rule) => misses(rule, fields, findings).length === 0);
  const place = (level: Level) => LEVELS.indexOf(level);
  return [...kept].sort((a, b) => place(a.level) - place(b.level) || Number(findings(b) > 0) - Number(findings(a) > 0) || byTitle.compare(a.title, b.title));
}

export interface FacetOf {
  readonly field: string;
  readonly title: string;
  readonly values: readonly { readonly value: string; readonly label: string; readonly count: number }[];
}

/** What there is of each value among what fits otherwise. Log sources in full only once it is chosen what is looked at: there are many. */
export function facetsOf(rules: readonly Rule[], words: string, chosen: Chosen, findings: FindingsOf): FacetOf[] {
  const asked = FIELDS.filter(({ field }) => field !== "source" || chosen("at") !== null || chosen("source") !== null);
  const all = new Map(asked.map(({ field }) => [field, new Map<string, number>()]));
  const fields = chosenFields(chosen);
  for (const rule of holding(rules, words)) {
    const [missed, ...others] = misses(rule, fields, findings);
    if (others.length > 0) continue;
    // what fits but for one field counts in that field alone
    for (const { field, of } of asked) {
      const counts = missed === undefined || missed === field ? all.get(field) : undefined;
      if (counts) of(rule, findings).forEach((value) => counts.set(value, (counts.get(value) ?? 0) + 1));
    }
  }
  return asked.map(({ field, title, label }) => {
    const values = [...(all.get(field) ?? [])].map(([value, count]) => ({ value, label: label(value), count }));
    return { field, title, values: field === "level" ? byLevel(values) : values.sort((a, b) => b.count - a.count || a.label.localeCompare(b.label)) };
  });
}

function byLevel<T extends { readonly value: string }>(values: readonly T[]): T[] {
  return LEVELS.flatMap((level) => values.filter((one) => one.value === level));
}

/** The techniques of a rule, each once. */
export function techniques(rule: Rule): readonly string[] {
  return knownOf(rule).techniques;
}

export function tactics(rule: Rule): readonly string[] {
  return knownOf(rule).tactics;
}

/** Tags that are no techniques and tactics. */
export function otherTags(rule: Rule): readonly string[] {
  return rule.tags.filter((tag) => !tag.startsWith("attack."));
}

/** Why a rule does not run, as a sentence. */
export function offWords(rule: Rule): string {
  const reason = rule.off_reason.trim();
  if (!reason) return "It is switched off.";
  const whole = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
