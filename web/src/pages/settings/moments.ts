/** Moments of the node's real clock: accounts, tokens and the audit log go by it even where the node replays another time. Pure. */

import { moment, span } from "../../app/words";

/** `in 3 d`, `3 d ago`, `now`. */
export function distance(text: string, now: Date): string {
  const seconds = (new Date(text).getTime() - now.getTime()) / 1000;
  if (Math.abs(seconds) < 5) return "now";
  return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

/** A moment out of microseconds since 1970, as details of the audit log have them. */
export function ofMicros(micros: unknown): string {
  return typeof micros === "number" ? moment(new Date(micros / 1000).toISOString()) : "";
}

const pad = (value: number) => String(value).padStart(2, "0");

/** What a field of day and time holds: this browser's zone, to the minute. */
export function local(at: Date): string {
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

/** The moment of such a field; `undefined` when it holds none. */
export function fromLocal(text: string): string | undefined {
  const at = new Date(text);
  return text === "" || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

export function daysLater(from: Date, days: number): Date {
  return new Date(from.getTime() + days * 86_400_000);
}
