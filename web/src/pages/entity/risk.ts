/** Risk over time out of findings, by the formula of `docs/specs/state.md` (section Risk): each weighs w(level) / n and half of it after every half-life. Pure. */

import type { Finding, Level } from "../../api/client";

export const HALF_LIFE_MS = 72 * 3_600_000;

/** What one finding counts, by its level. */
export const WEIGHTS: Readonly<Record<Level, number>> = { informational: 0, low: 1, medium: 5, high: 20, critical: 50 };

/** A finding that bears risk: when it counts, and how much at that moment. */
export interface Weighed {
  readonly at: number;
  readonly weight: number;
}

/** When a finding counts: at the time of its event, but never later than its receipt. */
export function placedAt(finding: Pick<Finding, "time" | "received">): number {
  const received = Date.parse(finding.received);
  return finding.time ? Math.min(Date.parse(finding.time), received) : received;
}

export function isLoud(finding: Pick<Finding, "mute">): boolean {
  return finding.mute === null;
}

/** The number of each loud finding among the loud ones of its group, in the order of keeping. `loud` says how many a group has: those that are not given are its oldest, which retention took or no page reached. */
export function numbersOf(findings: readonly Finding[], loud: ReadonlyMap<string, number>): Map<string, number> {
  const groups = new Map<string, Finding[]>();
  for (const finding of new Map(findings.map((one) => [one.id, one])).values()) {
    if (isLoud(finding)) groups.set(finding.group, [...(groups.get(finding.group) ?? []), finding]);
  }
  const numbers = new Map<string, number>();
  for (const [group, members] of groups) {
    const before = Math.max(0, (loud.get(group) ?? 0) - members.length);
    members.sort((a, b) => a.seq - b.seq).forEach((finding, place) => numbers.set(finding.id, before + place + 1));
  }
  return numbers;
}

/** What bears risk of these findings, the earliest first. */
export function weighed(findings: readonly Finding[], numbers: ReadonlyMap<string, number>): Weighed[] {
  const all = findings.filter(isLoud).map((finding) => ({ at: placedAt(finding), weight: WEIGHTS[finding.level] / (numbers.get(finding.id) ?? 1) }));
  return all.filter((one) => one.weight > 0).sort((a, b) => a.at - b.at);
}

/** The score at a moment, out of what counted until then. */
export function scoreAt(all: readonly Weighed[], at: number): number {
  return all.reduce((sum, one) => (one.at > at ? sum : sum + one.weight * 2 ** (-(at - one.at) / HALF_LIFE_MS)), 0);
}

export interface Curve {
  /** Milliseconds since 1970, rising. */
  readonly at: readonly number[];
  readonly score: readonly number[];
}

const STEPS = 160;

/** The score between two moments: at equal steps, and just before and at each finding, where it jumps. */
export function curveOf(all: readonly Weighed[], from: number, until: number): Curve {
  const jumps = all.map((one) => one.at).filter((at) => at > from && at <= until);
  const steps = Array.from({ length: STEPS + 1 }, (_, step) => from + ((until - from) * step) / STEPS);
  const at = [...new Set([...steps, ...jumps.flatMap((jump) => [jump - 1, jump])])].sort((a, b) => a - b);
  let place = 0;
  let score = 0;
  let last = from;
  const scores = at.map((moment) => {
    score *= 2 ** (-(moment - last) / HALF_LIFE_MS);
    for (let one = all[place]; one && one.at <= moment; one = all[place]) {
      score += one.weight * 2 ** (-(moment - one.at) / HALF_LIFE_MS);
      place += 1;
    }
    last = moment;
    return score;
  });
  return { at, score: scores };
}

/** The next round number above, for the top of an axis: 1, 2, 4, 6, 8 or 10 of its power of ten. */
export function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
  return power * ([1, 2, 4, 6, 8].find((one) => one * power >= value) ?? 10);
}
