/** Findings on top of the lanes: those that would cover each other are one mark with the worst level. Pure. */

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

/** Loud findings between two moments: each joins the mark before it when there would not be room for both, with at most so many beside each other. */
export function marksOf(findings: readonly Finding[], { from, until }: Span, most: number): Mark[] {
  const room = (until - from) / most;
  const loud = findings.filter(isLoud).map((finding) => ({ at: placedAt(finding), level: finding.level }));
  const marks: Mark[] = [];
  for (const { at, level } of loud.filter((one) => one.at >= from && one.at < until).sort((a, b) => a.at - b.at)) {
    const last = marks.at(-1);
    const isNear = last !== undefined && at - (last.first + last.last) / 2 < room;
    const first = isNear ? last.first : at;
    const mark = { place: ((first + at) / 2 - from) / (until - from), level: isNear ? worse(last.level, level) : level, count: (isNear ? last.count : 0) + 1, first, last: at };
    marks.splice(isNear ? -1 : marks.length, isNear ? 1 : 0, mark);
  }
  return marks;
}

function worse(one: Level, other: Level): Level {
  return LEVELS.indexOf(one) < LEVELS.indexOf(other) ? one : other;
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
