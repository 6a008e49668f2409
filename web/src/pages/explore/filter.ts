/** Conditions in a filter: put in, found again, taken out, without touching what somebody wrote beside them. */

import { words, written, type Placed } from "./words";

/** A condition at the outermost level, with its `-` or `not` if it has one. */
export interface Term {
  readonly from: number;
  readonly to: number;
  /** Written in one way, so that two can be compared; without its negation. */
  readonly text: string;
  readonly isNot: boolean;
}

/** `field:value`. */
export function condition(field: string, value: string): string {
  return `${field}:${written(value)}`;
}

/** What all of a filter is made of at its outermost level; empty when an `or` stands there, for then no part holds for all. */
export function terms(filter: string): Term[] {
  const all = words(filter);
  if (hasOr(all)) return [];
  const found: Term[] = [];
  let at = 0;
  while (at < all.length) {
    const begin = at;
    let isNot = false;
    while (all[at]?.word === "minus" || isWord(all, at, "not")) {
      isNot = !isNot;
      at += 1;
    }
    const first = at;
    at = end(all, at);
    const last = all[at - 1];
    const start = all[begin];
    if (start && last && !isWord(all, first, "and")) {
      const parts = all.slice(first, at).map((one) => (one.word === "quoted" || (one.word === "bare" && one.isValue) ? written(one.text) : one.text.toLowerCase()));
      found.push({ from: start.from, to: last.to, text: parts.join(""), isNot });
    }
  }
  return found;
}

/** Behind the condition that begins at `at`: a word, `field:value`, `field:(a b)` or a parenthesis. */
function end(all: readonly Placed[], at: number): number {
  let to = at;
  if (all[to]?.word === "open") return closed(all, to);
  if (all[to + 1]?.word === "sign") {
    to += 2;
    return all[to]?.word === "open" ? closed(all, to) : Math.min(all.length, to + 1);
  }
  return to + 1;
}

function closed(all: readonly Placed[], open: number): number {
  let depth = 0;
  for (let at = open; at < all.length; at += 1) {
    if (all[at]?.word === "open") depth += 1;
    if (all[at]?.word === "close") depth -= 1;
    if (depth === 0) return at + 1;
  }
  return all.length;
}

function isWord(all: readonly Placed[], at: number, name: string): boolean {
  const one = all[at];
  return one?.word === "bare" && !one.isValue && one.text.toLowerCase() === name && all[at + 1]?.word !== "sign";
}

/** Whether an `or` stands at the outermost level. */
function hasOr(all: readonly Placed[]): boolean {
  let depth = 0;
  return all.some((one, at) => {
    if (one.word === "open") depth += 1;
    if (one.word === "close") depth -= 1;
    return depth === 0 && isWord(all, at, "or");
  });
}

/** How a condition stands in a filter: demanded, excluded or not at all. */
export function standing(filter: string, wanted: string): "only" | "not" | undefined {
  const found = same(filter, wanted);
  return found && (found.isNot ? "not" : "only");
}

function same(filter: string, wanted: string): Term | undefined {
  const text = terms(wanted)[0]?.text;
  return terms(filter).find((one) => one.text === text);
}

/** The filter with a condition: its opposite is replaced, and what is joined by `or` is put in parentheses. */
export function added(filter: string, wanted: string, isNot = false): string {
  const rest = removed(filter, wanted).trim();
  const one = isNot ? `-${wanted}` : wanted;
  if (!rest) return one;
  return hasOr(words(rest)) ? `(${rest}) ${one}` : `${rest} ${one}`;
}

/** The filter without a condition. */
export function removed(filter: string, wanted: string): string {
  const found = same(filter, wanted);
  if (!found) return filter;
  const before = filter.slice(0, found.from).trimEnd();
  const after = filter.slice(found.to).trimStart();
  // an `and` that joined it to the rest goes with it
  const left = after ? before : before.replace(/(^|\s)and$/i, "").trimEnd();
  const right = left ? after : after.replace(/^and\s+/i, "");
  return left && right ? joined(left, right) : left + right;
}

function joined(left: string, right: string): string {
  const isDouble = /(^|\s)and$/i.test(left) && /^and\s/i.test(right);
  return `${left} ${isDouble ? right.replace(/^and\s+/i, "") : right}`;
}
