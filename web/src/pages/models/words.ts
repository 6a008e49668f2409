/** How many alerts a week in words, and how a detector is. Pure. */

import { many } from "../../app/words";
import type { Model, TaughtVerdict } from "./models";

/** What can be chosen, on a scale on which each step is about as much more. */
export const CHOICES: readonly number[] = [1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 40, 50, 70, 100, 140, 200, 300, 400, 500, 700, 1_000];

/** The place on the scale that is nearest to a number, by how many times more or less it is. */
export function placeOf(perWeek: number): number {
  const apart = CHOICES.map((one) => Math.abs(Math.log(one / Math.max(perWeek, 0.1))));
  return apart.indexOf(Math.min(...apart));
}

export function choiceAt(place: number): number {
  return CHOICES[Math.max(0, Math.min(CHOICES.length - 1, Math.round(place)))] ?? 1;
}

/** What is asked of all detectors together. */
export function askedOf(models: readonly Pick<Model, "asked_per_week">[]): number {
  return models.reduce((sum, one) => sum + one.asked_per_week, 0);
}

/** Given by all together, of those that have judged long enough; `null` when none has. */
export function obtainedOf(models: readonly Pick<Model, "obtained_per_week">[]): number | null {
  const known = models.flatMap((one) => one.obtained_per_week ?? []);
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0);
}

/** How long somebody reads one alert: an assumption that the page states. */
const MINUTES_EACH = 15;
const DAYS = 7;

/** What so many a week mean for who reads them. */
export function meaningOf(perWeek: number): string {
  const often = perWeek < DAYS ? `one every ${rounded(DAYS / perWeek)} days` : `${rounded(perWeek / DAYS)} a day`;
  return `That is about ${perWeek === DAYS ? "one a day" : often}, and ${reading(perWeek * MINUTES_EACH)} of reading a week when each takes a quarter of an hour.`;
}

function rounded(value: number): string {
  return value < 3 ? String(Math.round(value * 10) / 10) : String(Math.round(value));
}

function reading(minutes: number): string {
  return minutes < 90 ? `${Math.round(minutes)} minutes` : `${rounded(minutes / 60)} hours`;
}

/** A number of alerts a week as it is read. */
export function rate(perWeek: number | null): string {
  if (perWeek === null) return "not known yet";
  if (perWeek > 0 && perWeek < 0.05) return "less than 0.1";
  return perWeek >= 10 || Number.isInteger(perWeek) ? String(Math.round(perWeek)) : perWeek.toFixed(1);
}

/** From here on what is obtained is no longer what was asked, by so many times. */
const OFF = 2;
/** Fewer than this are a matter of chance. */
const FEW = 3;

/** How what it gives stands to what was asked of it. */
export function keepsTo({ asked_per_week: asked, obtained_per_week: obtained }: Pick<Model, "asked_per_week" | "obtained_per_week">): { readonly says: string; readonly tone: "plain" | "warn" } {
  if (obtained === null) return { says: "It has not judged long enough to say.", tone: "plain" };
  if (obtained > asked * OFF && obtained >= FEW) return { says: "More than was asked: something is going on, or its normal changes.", tone: "warn" };
  if (asked > obtained * OFF && asked >= FEW) return { says: "Fewer than was asked: little was odd.", tone: "plain" };
  return { says: "About what was asked.", tone: "plain" };
}

/** How far what is seen today lies from what was learnt. */
export function driftWord(drift: number | null): string {
  if (drift === null) return "not known yet";
  const word = drift < 0.2 ? "steady" : drift < 0.5 ? "moving" : "much changed";
  return `${word} (${drift.toFixed(2)})`;
}

/** From here on a drift is shown as something to look at. */
export const DRIFT_LOUD = 0.5;

export function warmWord(model: Pick<Model, "is_warm" | "observations">): string {
  return model.is_warm ? "knows what is normal" : model.observations === 0 ? "has seen nothing yet" : "still learning";
}

/** All detectors in a sentence. */
export function allOf(models: readonly Model[]): string {
  const learning = models.filter((one) => !one.is_warm).length;
  const warm = models.length - learning;
  if (models.length === 0) return "No detector learns on this node.";
  if (learning === 0) return `${many(models.length, "detector")}, and ${models.length === 1 ? "it knows" : "all know"} what is normal here.`;
  if (warm === 0) return `${many(models.length, "detector")}, still learning what is normal here: until then ${models.length === 1 ? "it says" : "they say"} little.`;
  return `${many(models.length, "detector")}: ${warm} know${warm === 1 ? "s" : ""} what is normal here, ${learning} ${learning === 1 ? "is" : "are"} still learning.`;
}

/** What verdicts do to a score, in words. */
export function effectOf({ entity_nats: entity, house_nats: house }: Pick<TaughtVerdict, "entity_nats" | "house_nats">): string {
  const part = (nats: number, whose: string) => (Math.abs(nats) < 0.005 ? [] : [`${nats < 0 ? "takes" : "adds"} ${Math.abs(nats).toFixed(2)} nats ${nats < 0 ? "off" : "to"} ${whose}`]);
  return [...part(entity, "its scores"), ...part(house, "everybody's")].join(", ") || "changes nothing";
}

export const STANDING_WORDS: Readonly<Record<TaughtVerdict["standing"], string>> = {
  counts: "counts",
  taken_back: "taken back",
  own_account: "does not count: about their own account",
  too_many_in_week: "does not count: ten others of theirs did in that week",
  superseded: "does not count: they gave two later ones about the same",
  over: "over: older than 180 days",
  no_model: "not in force on this node",
};

/** All verdicts of a detector in a sentence. */
export function taughtOf(all: readonly Pick<TaughtVerdict, "standing">[]): string {
  const counting = all.filter((one) => one.standing === "counts").length;
  return `${many(all.length, "verdict")}, of which ${counting} ${counting === 1 ? "counts" : "count"}.`;
}
