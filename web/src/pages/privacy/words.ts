/** Privacy cases in words. They say what is known and what is not: no reason found in the data is never "without a reason", and a case is no accusation. Pure. */

import { span } from "../../app/words";
import type { Conclusion, Decision, FactorLevel, FactorName, RequestState, Review, State, Verdict } from "./incidents";

export const NO_REASON = "no reason found in the data";

/** What the scenarios S1 to S20 look for (`docs/specs/access-review.md`). */
const SCENARIOS: Readonly<Record<string, string>> = {
  S1: "family",
  S2: "neighbour",
  S3: "own record",
  S4: "co-worker",
  S5: "well-known patient",
  S6: "after death",
  S7: "no stay near by",
  S8: "other department",
  S9: "break-glass",
  S10: "many records",
  S11: "sweep through a list",
  S12: "searched, then looked",
  S13: "unusual time or place",
  S14: "shared account",
  S15: "left or long unused account",
  S16: "taken out in bulk",
  S17: "sensitive part",
  S18: "for somebody else",
  S19: "again and again",
  S20: "changed afterwards",
};

/** `S2 neighbour`; one that the console has no word for stands alone. */
export function scenario(id: string): string {
  const word = SCENARIOS[id];
  return word ? `${id} ${word}` : id;
}

/** Several, as one reads them in a list: `S2 neighbour, S12 searched, then looked`. */
export function scenarios(ids: readonly string[]): string {
  return ids.map(scenario).join(", ");
}

/** In the order in which a case goes through them. */
export const STATES: readonly State[] = ["new", "triage", "asked", "answered", "decided", "closed", "withdrawn"];

export const STATE_WORDS: Readonly<Record<State, string>> = {
  new: "New",
  triage: "In work",
  asked: "Asked for a reason",
  answered: "Answered",
  decided: "Decided",
  closed: "Closed",
  withdrawn: "Withdrawn",
};

/** Somebody has taken it up and it is not decided: it can be asked about, weighed and decided. */
export function isInWork(state: State): boolean {
  return ["triage", "asked", "answered"].includes(state);
}

/** Somebody has to do something about it. */
export function isOpen(state: State): boolean {
  return !["decided", "closed", "withdrawn"].includes(state);
}

export const VERDICTS: readonly { readonly verdict: Verdict; readonly name: string; readonly means: string }[] = [
  { verdict: "appropriate", name: "Appropriate", means: "There was a reason, and now it is known." },
  { verdict: "unfounded", name: "Unfounded", means: "It did not happen so: another account, wrong data. The case is deleted after a set time." },
  { verdict: "policy_violation", name: "Against the rules of the house", means: "The access was not allowed. Nothing was compromised, or it is shown to be improbable." },
  { verdict: "breach", name: "Breach", means: "Deadlines for telling the authority and the patient begin. The four factors are weighed first." },
];

export function verdictName(verdict: Verdict): string {
  return VERDICTS.find((one) => one.verdict === verdict)?.name ?? verdict;
}

/** How strongly the signs speak together. A word for a number between 0 and 1, not for a person. */
export function strength(score: number): string {
  if (score >= 0.9) return "Very strong";
  if (score >= 0.7) return "Strong";
  if (score >= 0.4) return "Moderate";
  return "Weak";
}

/** The number beside the word: what is not certain is never shown as certain. */
export function scoreText(score: number): string {
  if (score < 1 && score >= 0.995) return "> 0.99";
  return score > 0 && score < 0.005 ? "< 0.01" : score.toFixed(2);
}

/** What each reason says; the ids are those of the review. */
const REASONS: Readonly<Record<string, string>> = {
  E1: "takes part in the care",
  E2: "on shift where the patient was",
  E3: "coding, billing, records or pharmacy",
  E4: "a message, order or appointment for them",
  E5: "shares patients with somebody who treats",
  E6: "had a reason earlier in the same stay",
  T: "an approved template",
  D: "a declared event",
};

export function reason(id: string): string {
  return REASONS[id] ?? id;
}

export function reasons(ids: readonly string[]): string {
  return ids.length === 0 ? NO_REASON : ids.map(reason).join("; ");
}

/** Parts of a score by the names that the review gives them. */
const PARTS: Readonly<Record<string, string>> = {
  "before evidence": "Before any sign: how rare such visits are",
  Relation: "Who the patient is to the person",
  Need: "No need that is known",
  BreakGlass: "Break-glass",
  Volume: "How much and in what order",
  Act: "What was done",
  Place: "When and where",
  Tamper: "What was made of the record",
  Counter: "What speaks for the person",
  "earlier decisions": "What was decided of cases like it",
};

export function part(name: string): string {
  return PARTS[name] ?? name;
}

export const REQUEST_WORDS: Readonly<Record<RequestState, string>> = {
  proposed: "waits for approval",
  approved: "approved",
  sent: "sent",
  replied: "replied",
  refused: "refused",
};

export const TO_WORDS = { employee: "The person", manager: "The manager" } as const;

/** The four factors of 45 CFR 164.402(2), each with what it asks. */
export const FACTORS: readonly { readonly name: FactorName; readonly title: string; readonly asks: string }[] = [
  { name: "nature", title: "What was in it", asks: "Which data, how sensitive, and how easily it leads to the patient" },
  { name: "recipient", title: "Who had it", asks: "Who used it or to whom it was disclosed, and whether they are bound to secrecy" },
  { name: "acquired", title: "Whether it was looked at", asks: "Whether the data was really viewed or acquired, or could have been only" },
  { name: "mitigation", title: "What lessens it", asks: "How far the risk was lessened: assurances, what was deleted, returned or changed" },
];

export const LEVEL_WORDS: Readonly<Record<FactorLevel, string>> = { low: "Low risk", medium: "Medium risk", high: "High risk" };

export const CONCLUSIONS: Readonly<Record<Conclusion, string>> = {
  low_probability: "A low probability that the data was compromised",
  breach: "A breach: a low probability cannot be shown",
};

/** Deeds of the custody list. */
const DEEDS: Readonly<Record<string, string>> = {
  found: "found by the review",
  renewed: "newer evidence",
  returned: "found again after it was withdrawn",
  withdrawn: "withdrawn",
  state: "state changed",
  owner: "owner changed",
  comment: "commented",
  task_added: "task added",
  task_done: "task done",
  task_undone: "task open again",
  request_proposed: "request proposed",
  request_approved: "request approved",
  request_refused: "request refused",
  request_sent: "request sent",
  reply: "answer entered",
  correction: "correction entered",
  assessment: "four factors weighed",
  verdict: "decided",
  untaught: "verdict taken out of later reviews",
  taught: "verdict counts in later reviews again",
};

export function deed(word: string): string {
  return DEEDS[word] ?? word.replaceAll("_", " ");
}

/** Verdicts about one scenario, and what they do together. */
export interface Lesson {
  readonly scenario: string;
  readonly nats: number;
  readonly decisions: readonly Decision[];
}

/** By scenario, those that move most first. */
export function lessons(all: readonly Decision[]): Lesson[] {
  const by = new Map<string, Decision[]>();
  for (const one of all) by.set(one.scenario, [...(by.get(one.scenario) ?? []), one]);
  const some = [...by].map(([id, decisions]) => ({ scenario: id, nats: decisions[0]?.scenario_nats ?? 0, decisions }));
  return some.sort((one, other) => Math.abs(other.nats) - Math.abs(one.nats) || one.scenario.localeCompare(other.scenario, "en", { numeric: true }));
}

/** What verdicts about a scenario do to its later cases. */
export function moves(nats: number): string {
  if (Math.abs(nats) < 0.005) return "moves nothing";
  const times = Math.exp(Math.abs(nats)).toFixed(2);
  return nats < 0 ? `later cases weigh ${times} times less (${nats.toFixed(2).replace("-", "−")} nats)` : `later cases weigh ${times} times as much (+${nats.toFixed(2)} nats)`;
}

/** Whether and how much one of them counts. */
export function countsAs({ standing, weight, taken_back_by: by }: Pick<Decision, "standing" | "weight" | "taken_back_by">): string {
  switch (standing) {
    case "counts":
      return weight > 0.995 ? "counts in full" : `counts as ${weight.toFixed(2)} of a verdict`;
    case "taken_back":
      return by ? `taken back by ${by}` : "taken back";
    case "superseded":
      return "does not count: they gave five later ones about the same";
    case "over":
      return "over: older than 1,080 days";
  }
}

export interface Left {
  readonly says: string;
  readonly tone: "plain" | "warn" | "bad";
}

/** Within so much of its end a deadline is near. */
const NEAR_SECONDS = 3 * 86_400;

/** How long there is until a moment: `41 h left`, `2 d over`. */
export function left(due: string, now: Date): Left {
  const seconds = (Date.parse(due) - now.getTime()) / 1000;
  if (seconds < 0) return { says: `${span(-seconds)} over`, tone: "bad" };
  return { says: `${span(seconds)} left`, tone: seconds < NEAR_SECONDS ? "warn" : "plain" };
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const share = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export function exact(value: number): string {
  return whole.format(value);
}

/** A part of a whole in per cent; what is not all is never rounded up to it, and what is not nothing never down. */
export function percent(part: number, of: number): string {
  if (of <= 0) return "0.0 %";
  const value = (part / of) * 100;
  const shown = part < of ? Math.min(99.9, value) : value;
  return `${share.format(part > 0 ? Math.max(0.1, shown) : shown)} %`;
}

const DAY_MS = 86_400_000;

/** What the last review came to, in sentences. `clock` writes a moment. */
export function reviewSentences(review: Review, clock: (at: string) => string): string[] {
  const days = Math.max(1, Math.round((Date.parse(review.until) - Date.parse(review.from)) / DAY_MS));
  const counted = `${exact(review.accesses)} ${review.accesses === 1 ? "access" : "accesses"} in ${days === 1 ? "one day" : `${days} days`}`;
  if (review.accesses === 0) return [`No access was received from ${clock(review.from)} to ${clock(review.until)}, so nothing could be judged.`];
  const sentences = [`${counted}; for ${percent(review.explained, review.accesses)} a reason was found in the data.`];
  if (review.unexplained > 0) sentences.push(`For ${exact(review.unexplained)} ${NO_REASON.replace("reason found", "reason was found")}; only what several signs speak against becomes a case.`);
  if (review.withheld > 0) sentences.push(withheldSentence(review, clock));
  sentences.push(casesSentence(review));
  return sentences;
}

/** Silences that a sentence names; more are counted. */
const SILENCES_NAMED = 2;

function withheldSentence({ withheld, silences }: Review, clock: (at: string) => string): string {
  const cannot = `${exact(withheld)} cannot be judged yet`;
  if (silences.length === 0) return `${cannot}: data that could explain them is missing.`;
  const named = silences.slice(0, SILENCES_NAMED).map(({ feed, words, from, until }) => `${feed} ${isPlural(feed) ? "were" : "was"} silent from ${clock(from)} to ${clock(until)} (${words})`);
  const more = silences.length > SILENCES_NAMED ? [`${silences.length - SILENCES_NAMED} more`] : [];
  return `${cannot}, because ${[...named, ...more].join(", and ")}. They open no case, and nobody is told of them.`;
}

function isPlural(words: string): boolean {
  return /s$/.test(words);
}

function casesSentence({ cases, withdrawn }: Review): string {
  const opened = cases === 0 ? "No case is open from it" : `${exact(cases)} ${cases === 1 ? "case" : "cases"} came of it`;
  if (withdrawn === 0) return `${opened}.`;
  return `${opened}; ${exact(withdrawn)} ${withdrawn === 1 ? "was" : "were"} withdrawn, because data that came late gives a reason.`;
}

/** The text of a request for a reason: it names nobody, neither who is asked about nor a patient, and it presumes nothing. */
export function requestText(to: "employee" | "manager", { accesses, patients, first, last }: { accesses: number; patients: number; first: string; last: string }, clock: (at: string) => string): string {
  const records = patients === 1 ? "one patient record" : `${exact(patients)} patient records`;
  const opened = accesses === 1 ? `opened ${records}` : `opened ${records} (${exact(accesses)} accesses)`;
  const when = first === last ? `on ${clock(first)}` : `between ${clock(first)} and ${clock(last)}`;
  const whose = to === "employee" ? "Your account" : "An account of somebody in your department, named on the cover of this letter,";
  const asks = to === "employee" ? "Please tell us what it was for" : "Please tell us whether you know what it was for";
  return [
    `${whose} ${opened} ${when}.`,
    "In the data that we have, no reason was found. That does not mean that there was none: a call, a consultation, cover for a colleague or training leave no trace there.",
    `${asks}, and correct whatever is wrong here. Please do not name the patient in your answer.`,
    "Nothing is decided by this letter.",
  ].join("\n\n");
}

/** Where a proof is found: an event of this node, or a row of a file. */
export function proofOf(proof: string): { readonly kind: "event"; readonly id: string } | { readonly kind: "row"; readonly text: string } {
  const id = /^event:(.+)$/.exec(proof)?.[1];
  if (id) return { kind: "event", id };
  const row = /^(.+):(\d+)$/.exec(proof);
  return { kind: "row", text: row ? `${row[1]}, row ${row[2]}` : proof };
}
