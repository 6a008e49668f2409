/** The matrix: tactics as columns, techniques as cells, of each what there is of rules, findings and feeds. */

import { tacticsFor, type Tactic } from "./attack";
import { tactics as tacticsOf, techniques, type FindingsOf, type Rule } from "./catalogue";
import { together, type Feed, type FeedOf, type Verdict } from "./feeds";
import type { Stated } from "./text";

/** `fires`: a rule that is on has events to look at. `deaf`: rules are on, and none has any. `unknown`: that cannot be told. `off`: rules are there, none is on. */
export type CellState = "fires" | "deaf" | "unknown" | "off";

export const CELL_NAMES: Readonly<Record<CellState, string>> = { fires: "Fed", deaf: "Could never fire", unknown: "Cannot be told", off: "Off" };

export interface Cell {
  readonly technique: string;
  readonly rules: readonly Rule[];
  readonly on: number;
  /** Rules that are on and could never fire. */
  readonly deaf: number;
  readonly findings: number;
  /** `undefined` as long as feeds are not known. */
  readonly state: CellState | undefined;
}

export interface Column {
  readonly tactic: Tactic;
  readonly cells: readonly Cell[];
}

/** Of each rule whether it is fed, by id; `undefined` as long as it is not known. */
export type FedOf = (rule: Rule) => Verdict | undefined;

/** `T1021.002` stands in the cell of `T1021`. */
export function parentOf(technique: string): string {
  return technique.split(".")[0] ?? technique;
}

/** A technique stands under every tactic that a rule of it names: tags do not say which belongs to which. */
export function matrix(rules: readonly Rule[], fed: FedOf, findings: FindingsOf): readonly Column[] {
  const byTactic = new Map<string, Map<string, Rule[]>>();
  for (const rule of rules) {
    const parents = new Set(techniques(rule).map(parentOf));
    if (parents.size === 0) continue;
    const tactics = tacticsOf(rule);
    for (const tactic of tactics.length > 0 ? tactics : [""]) {
      const cells = byTactic.get(tactic) ?? new Map<string, Rule[]>();
      parents.forEach((technique) => cells.set(technique, [...(cells.get(technique) ?? []), rule]));
      byTactic.set(tactic, cells);
    }
  }
  return tacticsFor(new Set(byTactic.keys())).map((tactic) => ({
    tactic,
    cells: [...(byTactic.get(tactic.word) ?? [])].map(([technique, of]) => cellOf(technique, of, fed, findings)).sort((a, b) => a.technique.localeCompare(b.technique)),
  }));
}

export function cellOf(technique: string, rules: readonly Rule[], fed: FedOf, findings: FindingsOf): Cell {
  const on = rules.filter((rule) => rule.is_enabled);
  return { technique, rules, on: on.length, deaf: on.filter((rule) => isDeaf(fed(rule))).length, findings: rules.reduce((sum, rule) => sum + findings(rule), 0), state: on.length === 0 ? "off" : stateOf(on.map(fed)) };
}

function stateOf(verdicts: readonly (Verdict | undefined)[]): CellState | undefined {
  if (verdicts.includes("heard")) return "fires";
  if (verdicts.includes(undefined)) return undefined;
  return verdicts.every(isDeaf) ? "deaf" : "unknown";
}

/** Whether it is certain that nothing feeds a rule. */
export function isDeaf(verdict: Verdict | undefined): boolean {
  return verdict === "silent" || verdict === "unread";
}

const DEPTH_MAX = 4;

/** Correlations that wait for every one of their rules. */
function needsAll(type: string): boolean {
  return type.startsWith("temporal");
}

/** What a rule stands on: log sources, each with its feed, and what they are worth together. */
export interface Standing {
  readonly verdict: Verdict;
  readonly needsAll: boolean;
  readonly parts: readonly { readonly words: string; readonly feed: Feed }[];
}

/** Whether a correlation is fed: by its rules, which stand in its own text (`documents`) or are rules of their own. */
export function standingOf(rule: Rule, all: readonly Stated[], rules: ReadonlyMap<string, Rule>, feedOf: FeedOf): Standing {
  const parts: { words: string; feed: Feed }[] = [];
  const look = (words: string): Verdict => {
    const feed = feedOf(words);
    if (!parts.some((part) => part.words === words)) parts.push({ words, feed });
    return feed.verdict;
  };
  if (!rule.is_correlation) return { verdict: look(rule.log_source), needsAll: false, parts };
  const own = all.find((one) => one.id === rule.id) ?? all.find((one) => one.correlation);
  const judge = (one: Stated | undefined, depth: number): Verdict => {
    if (!one || depth > DEPTH_MAX) return "untold";
    if (!one.correlation) return one.logSource === undefined ? "untold" : look(one.logSource);
    return together(one.correlation.rules.map((reference) => refer(reference, depth + 1)), needsAll(one.correlation.type));
  };
  const refer = (reference: string, depth: number): Verdict => {
    const here = all.find((one) => one.name === reference || one.id === reference);
    if (here) return judge(here, depth);
    const there = rules.get(reference);
    return there && !there.is_correlation && there.log_source ? look(there.log_source) : "untold";
  };
  return { verdict: judge(own, 0), needsAll: needsAll(own?.correlation?.type ?? ""), parts };
}

export interface SourceLine {
  readonly words: string;
  readonly rules: readonly Rule[];
  readonly on: number;
  readonly feed: Feed | undefined;
}

const ORDER: readonly (Verdict | undefined)[] = ["silent", "unread", "perhaps", "untold", "hidden", "heard", undefined];

/** Log sources that rules name, with how many do and what came of each: first those from which nothing came. */
export function sourceLines(rules: readonly Rule[], feedOf: FeedOf | undefined): readonly SourceLine[] {
  const by = new Map<string, Rule[]>();
  for (const rule of rules) if (!rule.is_correlation && rule.log_source) by.set(rule.log_source, [...(by.get(rule.log_source) ?? []), rule]);
  const lines = [...by].map(([words, of]) => ({ words, rules: of, on: of.filter((rule) => rule.is_enabled).length, feed: feedOf?.(words) }));
  return lines.sort((a, b) => ORDER.indexOf(a.feed?.verdict) - ORDER.indexOf(b.feed?.verdict) || b.on - a.on || a.words.localeCompare(b.words));
}
