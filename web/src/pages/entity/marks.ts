/** Findings on top of the lanes: those that stand too close to each other are one mark with the worst level. Pure. */

import type { Finding, Level } from "../../api/client";
import { LEVELS } from "../../app/words";
import { isLoud, placedAt } from "./risk";
import type { Span } from "./timeline";

export interface Mark {
  /** Between 0 and 1, from the beginning to the end. */
  readonly place: number;
  readonly level: Level;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** Loud findings between two moments, gathered into at most so many marks beside each other. */
export function marksOf(findings: readonly Finding[], { from, until }: Span, most: number): Mark[] {
  const marks = new Map<number, Mark>();
  for (const finding of findings) {
    const at = placedAt(finding);
    if (!isLoud(finding) || at < from || at >= until) continue;
    const place = Math.floor(((at - from) / (until - from)) * most);
    const known = marks.get(place);
    const level = known && LEVELS.indexOf(known.level) < LEVELS.indexOf(finding.level) ? known.level : finding.level;
    marks.set(place, { place: (place + 0.5) / most, level, count: (known?.count ?? 0) + 1, first: Math.min(at, known?.first ?? at), last: Math.max(at, known?.last ?? at) });
  }
  return [...marks.values()].sort((a, b) => a.place - b.place);
}

/** The findings of a stretch, each group once, the worst first. */
export function groupsIn(findings: readonly Finding[], { from, until }: Span): Finding[] {
  const groups = new Map<string, Finding>();
  for (const finding of findings) {
    const at = placedAt(finding);
    if (isLoud(finding) && at >= from && at < until && !groups.has(finding.group)) groups.set(finding.group, finding);
  }
  return [...groups.values()].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || placedAt(b) - placedAt(a));
}
