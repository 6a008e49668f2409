/** Letters of the outbox in words. Pure. */

import type { Schemas } from "../../api/client";

export type Letter = Schemas["Letter"];
export type LetterState = Schemas["LetterState"];

export const LETTER_STATES: readonly { readonly state: LetterState; readonly name: string; readonly none: string }[] = [
  { state: "dead", name: "Given up", none: "No letter was given up: whatever was to be told was taken by its receivers, or is still being tried." },
  { state: "waiting", name: "Waiting", none: "Nothing waits to be sent." },
  { state: "sent", name: "Sent", none: "Nothing was sent that is still remembered." },
];

const KINDS: Readonly<Record<string, string>> = { news: "First message", more: "It went on", test: "Test" };

export function letterKind(kind: string): string {
  return KINDS[kind] ?? kind;
}

/** `mail:it@hospital.example` as people say it. */
export function channelOf(channel: string): string {
  const [way = "", ...rest] = channel.split(":");
  const to = rest.join(":");
  return way === "mail" ? `Mail to ${to}` : way === "webhook" ? `Webhook ${to}` : channel;
}

export interface Trouble {
  readonly what: string;
  readonly why: string;
}

/** What does not work, the worst first. */
export function troublesOf(status: Schemas["Notification"]): Trouble[] {
  return [
    ...(status.outbox_error ? [{ what: "No letter can be planned or sent", why: status.outbox_error }] : []),
    ...status.faults.map(({ name, reason }) => ({ what: `${channelOf(name)} is set up wrongly`, why: reason })),
    ...status.siems.filter((siem) => siem.error).map((siem) => ({ what: `The SIEM ${siem.name} was not reached`, why: siem.error })),
    ...(status.heartbeat_error ? [{ what: "The sign of life was not taken", why: status.heartbeat_error }] : []),
  ];
}

/** How notification is, in a sentence. */
export function notificationSays(status: Schemas["Notification"]): { readonly tone: "good" | "warn" | "bad"; readonly text: string } {
  if (status.outbox_error) return { tone: "bad", text: "Nobody can be told of anything now." };
  if (status.groups.length === 0) return { tone: "warn", text: "Nobody is told of anything: findings wait in the console until somebody looks." };
  if (status.dead > 0) return { tone: "bad", text: "Some letters were given up: somebody was not told." };
  if (troublesOf(status).length > 0 || status.failing > 0) return { tone: "warn", text: "Not everything gets through at the first try." };
  return { tone: "good", text: "Whatever is to be told gets through." };
}
