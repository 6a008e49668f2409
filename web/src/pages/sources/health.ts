/** How sources are, in words: state, what was not kept and why, how fast they send. No question is asked here. */

import type { Schemas } from "../../api/client";
import { count, many, span } from "../../app/words";

export type Source = Schemas["Source"];
export type SourceState = "silent" | "never" | "lossy" | "heard";

/** Worst first. */
export const STATES: readonly SourceState[] = ["silent", "never", "lossy", "heard"];

export const STATE_NAMES: Readonly<Record<SourceState, string>> = { silent: "Silent", never: "Never heard", lossy: "Not all kept", heard: "Heard" };

export const STATE_TONES = { silent: "bad", never: "warn", lossy: "warn", heard: "good" } as const;

export function stateOf(source: Source): SourceState {
  if (source.is_silent) return "silent";
  if (!source.received_last) return "never";
  return dropsOf(source) > 0 ? "lossy" : "heard";
}

/** Records that were not kept, for whatever reason. */
export function dropsOf(source: Source): number {
  return Object.values(source.drops).reduce((sum, drops) => sum + drops, 0);
}

export interface Reason {
  readonly name: string;
  /** What it means. */
  readonly means: string;
  /** What to do. */
  readonly todo: string;
}

/** Why records were not kept: the reasons of `docs/specs/collector.md`. */
const REASONS: Readonly<Record<string, Reason>> = {
  overload: {
    name: "overload",
    means: "More arrived than could be written, and the sender does not wait.",
    todo: "Let it send over RELP or HTTP, which wait, or give the node a faster disk.",
  },
  rate_limit: {
    name: "above its limit",
    means: "It sent more records a second than the node's settings allow it.",
    todo: "Find out why it sends more. Then raise events_per_second_max of this source in the node's settings.",
  },
  too_long: {
    name: "too long",
    means: "Records were longer than a record may be: 1 MiB over syslog and RELP, 16 MiB over HTTP and MLLP.",
    todo: "Look at the framing of the sender: most often it is set to another protocol than the port.",
  },
  malformed: {
    name: "not in form",
    means: "What came was not in the form that the port speaks, or held pieces that are no record.",
    todo: "Compare the sender's protocol and framing with the port it sends to. Over HTTP the answer to the sender names each fault.",
  },
  unwritable: {
    name: "disk not writable",
    means: "The node could not write: its disk was full, read-only or broken.",
    todo: "Run cordon doctor on the node's machine and make room. The node goes on by itself.",
  },
  kernel: {
    name: "lost by the system",
    means: "The operating system dropped datagrams before they could be read. It does not say whose they were.",
    todo: "Use TCP or RELP instead of UDP, else raise net.core.rmem_max on the node's machine.",
  },
};

/** A reason in plain words; one that a newer node may have stands as it is. */
export function reasonOf(word: string): Reason {
  return REASONS[word] ?? { name: word.replaceAll("_", " "), means: "This console does not know the reason.", todo: "The documentation of the node says what it means." };
}

/** How many records were not kept, for each reason: `12 too long`. */
export function dropWords(source: Source): string {
  return Object.entries(source.drops).filter(([, drops]) => drops > 0).map(([word, drops]) => `${count(drops)} ${reasonOf(word).name}`).join(", ");
}

interface Listener {
  readonly name: string;
  /** What the sender learns about its records. */
  readonly learns: string;
}

const LISTENERS: Readonly<Record<string, Listener>> = {
  syslog_udp: { name: "Syslog, UDP", learns: "Nothing tells the sender whether a message arrived." },
  syslog_tcp: { name: "Syslog, TCP", learns: "The sender waits while the node is busy, but cannot know what was kept when a connection breaks." },
  syslog_tls: { name: "Syslog, TLS", learns: "The sender waits while the node is busy, but cannot know what was kept when a connection breaks." },
  relp: { name: "RELP", learns: "Each message is answered once it is kept for good; the sender sends again what was not." },
  http: { name: "HTTP", learns: "Each request is answered once it is kept for good; the sender sends again what was not." },
  mllp: { name: "HL7, MLLP", learns: "Each message is answered with AA once it is kept for good." },
  file: { name: "Followed file", learns: "The file is read up to what is kept for good, and on from there after a stop." },
};

export function listenerOf(word: string): Listener {
  return LISTENERS[word] ?? { name: word, learns: "" };
}

export interface Tally {
  readonly all: number;
  readonly by: Readonly<Record<SourceState, number>>;
}

export function tally(sources: readonly Source[]): Tally {
  const by = { silent: 0, never: 0, lossy: 0, heard: 0 };
  sources.forEach((source) => (by[stateOf(source)] += 1));
  return { all: sources.length, by };
}

const ONLY: Readonly<Record<SourceState, string>> = {
  silent: "The only source is silent.",
  never: "The only source was never heard.",
  lossy: "The only source is heard, but not all it sent was kept.",
  heard: "The only source is heard, and all it sent was kept.",
};

/** One sentence that says how all of them are. */
export function sentence({ all, by }: Tally): string {
  if (all === 0) return "Nothing sends to this node yet.";
  const only = STATES.find((state) => by[state] === all);
  if (all === 1 && only) return ONLY[only];
  if (by.heard === all) return `${all === 2 ? "Both" : `All ${count(all)}`} sources are heard, and all they sent was kept.`;
  const said = [
    by.silent > 0 ? `${count(by.silent)} ${by.silent === 1 ? "is" : "are"} silent` : "",
    by.never > 0 ? `${count(by.never)} ${by.never === 1 ? "was" : "were"} never heard` : "",
    by.lossy > 0 ? `of ${count(by.lossy)} not all was kept` : "",
  ].filter(Boolean);
  return `Of ${many(all, "source")} ${listed(said)}.`;
}

export function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join("");
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1) ?? ""}`;
}

/** How far events lie behind their receipt. */
export function lagWords(seconds: number | null): string {
  if (seconds === null) return "";
  // a sender's clock may run ahead
  if (seconds < 0) return `${span(-seconds)} ahead`;
  return seconds < 2 ? "none" : span(seconds);
}

/** Records a second. */
export function rateWords(rate: number | undefined): string {
  if (rate === undefined) return "";
  if (rate === 0) return "0/s";
  if (rate < 0.1) return "< 0.1/s";
  return `${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))}/s`;
}

export interface Poll {
  /** Of this browser's clock that never goes back. */
  readonly atMs: number;
  readonly records: ReadonlyMap<string, number>;
  readonly drops: ReadonlyMap<string, number>;
}

export function pollOf(sources: readonly Source[], atMs: number): Poll {
  return { atMs, records: new Map(sources.map((source) => [source.id, source.records])), drops: new Map(sources.map((source) => [source.id, dropsOf(source)])) };
}

/** Records a second between two polls, by source. What was not there at the first has no rate yet; counts that began anew count from there. */
export function ratesOf(first: Poll, last: Poll): ReadonlyMap<string, number> {
  const seconds = (last.atMs - first.atMs) / 1000;
  if (seconds < 1) return new Map();
  const rates = new Map<string, number>();
  for (const [id, records] of last.records) {
    const before = first.records.get(id);
    if (before !== undefined) rates.set(id, Math.max(0, records - before) / seconds);
  }
  return rates;
}

/** What is declared of a source, as sentences. */
export function factsOf(source: Source): readonly { readonly title: string; readonly text: string }[] {
  const { is_declared, is_care, events_per_second_max, silence_seconds, format } = source;
  return [
    {
      title: "Known",
      text: is_declared
        ? "Declared in the node's settings."
        : "Adopted: it sent something and no declaration fits it. Declare it in the settings to give it a name, a limit and a silence.",
    },
    {
      title: "Care",
      text: is_care
        ? "Care depends on it: it never waits for this node. What cannot be kept is counted and becomes a finding."
        : "Care does not depend on it: when the node is busy it waits rather than loses, as far as its protocol can.",
    },
    { title: "Format", text: format ? `Declared as ${format}.` : "Recognised by the bytes." },
    { title: "Limit", text: events_per_second_max > 0 ? `${many(events_per_second_max, "record")} a second; what comes above is held up, or dropped and counted.` : "None." },
    { title: "Silence", text: silence_seconds > 0 ? `A finding after ${span(silence_seconds)} without a record.` : "It may be silent for as long as it likes: nobody is told." },
  ];
}
