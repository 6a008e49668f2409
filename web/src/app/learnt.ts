/** Findings of learnt behaviour: they come as correlations whose matched fields are the parts of a score (`crates/detect/src/behaviour/finding.rs`). Pure. */

import type { Explanation, Matched } from "./explain";
import { shownHundredths } from "./sum";

/** Whether a rule is a detector that learns. */
export function isLearnt(ruleId: string): boolean {
  return ruleId.startsWith("learn.");
}

export interface LearntPart {
  readonly name: string;
  /** What was seen. */
  readonly seen: string;
  /** What it was held against: `usual 9, peers at most 31`; empty where the name says it all. */
  readonly normal: string;
  /** What it adds to the score: how unlikely it is, as a natural logarithm. */
  readonly nats: number;
  /** As it is shown: hundredths that sum to the shown score. */
  readonly shown: number;
}

const ADDS = /^(?:(.*); )?adds (-?[\d.]+(?:e-?\d+)?) of -?[\d.]+ nats$/s;

/** The parts of a score, what adds most first; `undefined` where a finding is of another kind. */
export function partsOf({ rule, matched }: Pick<Explanation, "rule" | "matched">): readonly LearntPart[] | undefined {
  if (!isLearnt(rule.id)) return undefined;
  const read = matched.map(partOf);
  if (read.some((part) => part === undefined)) return undefined;
  const parts = read.flatMap((part) => part ?? []);
  const hundredths = shownHundredths(parts.map((part) => part.nats));
  return parts.map((part, place) => ({ ...part, shown: (hundredths[place] ?? 0) / 100 })).sort((one, other) => other.nats - one.nats);
}

function partOf({ field, value, pattern }: Matched): Omit<LearntPart, "shown"> | undefined {
  const found = ADDS.exec(pattern);
  return found ? { name: field.replaceAll("_", " "), seen: value, normal: found[1] ?? "", nats: Number(found[2]) } : undefined;
}
