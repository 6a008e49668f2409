/** Questions to the node. Types come from its OpenAPI description; nothing here knows a page. */

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Level = Schemas["Level"];
export type Group = Schemas["FindingGroup"];
export type Finding = Schemas["Finding"];
export type Entity = Schemas["Entity"];
export type EntityKind = Schemas["EntityKind"];
export type Row = Schemas["Row"];

/** What the node answers when it does not do what was asked (RFC 9457). `status` 0: there was no answer. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }

  get isAway() {
    return this.status === 0;
  }
}

/** Who wants to know that a session ended or that the node does not answer. */
export const watchers = {
  onSignedOut: () => {},
  onAnswer: (_isThere: boolean) => {},
};

/** Requests that nobody made by hand: they do not keep a session alive. */
export const BACKGROUND = { "x-cordon-background": "1" } as const;

const around: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("x-cordon-csrf", "1");
    return request;
  },
  onResponse({ response }) {
    watchers.onAnswer(true);
    if (response.status === 401 && !response.url.endsWith("/sign-in")) watchers.onSignedOut();
    return undefined;
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === "AbortError") return error;
    watchers.onAnswer(false);
    return new Problem(0, "away", "The node does not answer. What you see is from before; it is asked again by itself.");
  },
};

export const api = createClient<paths>({ credentials: "same-origin" });
api.use(around);

interface Answer<T> {
  data?: T | undefined;
  error?: unknown;
  response: Response;
}

/** What was asked for, or a [`Problem`]. */
export async function answer<T>(asked: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok) return data as T;
  throw problemOf(response.status, error);
}

/** The same with its ETag, for what is changed with `If-Match`. */
export async function answerWithTag<T>(asked: Promise<Answer<T>>): Promise<{ value: T; tag: string }> {
  const { data, error, response } = await asked;
  if (response.ok) return { value: data as T, tag: response.headers.get("etag") ?? "*" };
  throw problemOf(response.status, error);
}

export function problemOf(status: number, body: unknown): Problem {
  const told = (typeof body === "object" && body !== null ? body : {}) as Partial<Schemas["Problem"]>;
  const kind = (told.type ?? "").split(":").pop() ?? "";
  return new Problem(status, kind, sentence(told.detail ?? told.title ?? `the node answered ${status}`), told.retry_after_seconds ?? null);
}

/** Details of problems are lower case without a full stop; here they stand alone. */
function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
