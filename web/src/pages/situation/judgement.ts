/** How things are, in a sentence and one of three states, out of counts. Pure: the page asks, this says. */

import type { Schemas } from "../../api/client";
import { many } from "../../app/words";

export type Mood = "calm" | "look" | "act";

export interface Known {
  readonly counts: readonly Schemas["GroupCount"][];
  readonly sources: readonly Schemas["Source"][] | undefined;
  readonly parts: readonly Schemas["Part"][] | undefined;
}

export interface Judgement {
  readonly mood: Mood;
  readonly sentence: string;
  /** What to do next, in plain words. */
  readonly next: string;
}

export function judge({ counts, sources, parts }: Known): Judgement {
  const open = (levels: readonly string[]) => counts.filter((one) => one.state === "open" && levels.includes(one.level)).reduce((sum, one) => sum + one.count, 0);
  const critical = open(["critical"]);
  const high = open(["high"]);
  const medium = open(["medium"]);
  const rest = open(["low", "informational"]);
  const silent = sources?.filter((source) => source.is_silent) ?? [];
  const lossy = sources?.filter((source) => Object.values(source.drops).some((count) => count > 0)) ?? [];
  const failed = parts?.filter((part) => part.state === "failed") ?? [];

  const heard = senses(sources, silent.length, lossy.length);
  if (failed.length > 0) {
    const names = failed.map((part) => part.name).join(", ");
    return { mood: "act", sentence: `Cordon itself does not work as it should: ${names}. ${heard}`, next: `Look at ${names}: ${failed[0]?.detail || "the node's log says why"}. Until then findings may be missing.` };
  }
  if (critical + high > 0) {
    const worst = [critical && many(critical, "critical finding"), high && many(high, "high finding")].filter(Boolean).join(" and ");
    return { mood: "act", sentence: `${worst} ${critical + high === 1 ? "is" : "are"} open and nobody has taken ${critical + high === 1 ? "it" : "them"}. ${heard}`, next: "Open the first finding below, read why it is there, and take it. If you are not sure, call whoever is on duty for security." };
  }
  if (medium > 0) {
    return { mood: "look", sentence: `Nothing is critical or high. ${many(medium, "medium finding")} ${medium === 1 ? "waits" : "wait"} for somebody. ${heard}`, next: "Go through them today, the worst first." };
  }
  if (sources?.length === 0) return { mood: "look", sentence: `Nothing can be found yet. ${heard}`, next: "Point a system at this node: Sources, Add a source, has a text to copy for each of the usual ones." };
  if (silent.length > 0) return { mood: "look", sentence: `Nothing that matters is open. ${heard}`, next: "A source that is silent sees nothing: find out why it does not send." };
  return { mood: "calm", sentence: `Nothing that matters is open${rest > 0 ? `; ${many(rest, "note")} for the record` : ""}. ${heard}`, next: "Nothing has to be done now." };
}

const ALL: Readonly<Record<number, string>> = { 1: "The one source is", 2: "Both sources are" };

function senses(sources: readonly unknown[] | undefined, silent: number, lossy: number): string {
  if (!sources) return "";
  if (sources.length === 0) return "No source sends anything yet.";
  if (silent > 0) return `${many(silent, "source")} of ${sources.length} ${silent === 1 ? "is" : "are"} silent.`;
  if (lossy > 0) return `${ALL[sources.length] ?? `All ${sources.length} sources are`} heard; of ${many(lossy, "source")} not everything was kept.`;
  return `${ALL[sources.length] ?? `All ${sources.length} sources are`} heard.`;
}
