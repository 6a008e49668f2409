/** Privacy cases and reviews, as the node tells them, and what people do with them. A privacy case is an Incident of kind `privacy`; "case" is the word on the screen. */

import { answer, api, BACKGROUND, type Schemas } from "../../api/client";

export type State = Schemas["IncidentState"];
export type Verdict = Schemas["IncidentVerdict"];
export type FactorLevel = Schemas["FactorLevel"];
export type Conclusion = Schemas["Conclusion"];
export type RequestState = Schemas["RequestState"];
export type AskedOf = Schemas["AskedOf"];

export type Summary = Schemas["IncidentSummary"];
export type Incident = Schemas["Incident"];
/** A sentence and what proves it: `event:ID`, or `file.csv:row`. */
export type Told = Schemas["ToldSentence"];
export type Part = Schemas["ScorePart"];
export type Access = Schemas["IncidentAccess"];
export type Request = Schemas["ReasonRequest"];
export type Factor = Schemas["Factor"];
export type Review = Schemas["Review"];
export type Status = Schemas["PrivacyStatus"];
export type Page = Schemas["PageBody_IncidentSummary"];

/** A verdict with what it does to later reviews. */
export type Decision = Schemas["Decision"];

export type FactorName = "nature" | "recipient" | "acquired" | "mitigation";

export type Owner = "me" | "nobody";

export interface Filter {
  /** States, divided by commas. */
  readonly state?: string;
  readonly owner?: Owner;
  readonly cursor?: string;
  readonly limit: number;
}

/** Cases, the highest score first. */
export function readPage(filter: Filter, signal?: AbortSignal): Promise<Page> {
  return answer(api.GET("/api/v1/incidents", { params: { query: { kind: "privacy", ...filter } }, headers: BACKGROUND, ...(signal ? { signal } : {}) }));
}

export function readIncident(id: string, signal: AbortSignal): Promise<Incident> {
  return answer(api.GET("/api/v1/incidents/{id}", { params: { path: { id } }, headers: BACKGROUND, signal }));
}

export function readStatus(signal: AbortSignal): Promise<Status> {
  return answer(api.GET("/api/v1/privacy/status", { headers: BACKGROUND, signal }));
}

/** Verdicts on cases with what they do to later reviews, the newest first. */
export async function readDecisions(signal: AbortSignal): Promise<readonly Decision[]> {
  return (await answer(api.GET("/api/v1/privacy/decisions", { headers: BACKGROUND, signal }))).items;
}

export function startReview(): Promise<Schemas["Job"]> {
  return answer(api.POST("/api/v1/privacy/reviews"));
}

/** What people do with a case; each is one entry of its custody list. `number` is that of a task or of a request. */
export type Deed =
  | { readonly does: "state"; readonly state: State }
  | { readonly does: "owner"; readonly owner: string | null }
  | { readonly does: "comment"; readonly text: string }
  | { readonly does: "task"; readonly title: string; readonly due: string | null }
  | { readonly does: "mark"; readonly number: number; readonly done: boolean }
  | { readonly does: "propose"; readonly to: AskedOf; readonly text: string }
  | { readonly does: "approve" | "refuse" | "sent"; readonly number: number }
  | { readonly does: "reply"; readonly number: number; readonly text: string; readonly is_correction: boolean }
  | ({ readonly does: "assess"; readonly conclusion: Conclusion } & Readonly<Record<FactorName, Factor>>)
  | { readonly does: "decide"; readonly verdict: Verdict; readonly reason: string }
  | { readonly does: "teach"; readonly teaches: boolean };

/** Does it to the case as it was read: whoever was quicker is not overwritten (412). Answers the case as it is then. */
export function act({ id, revision }: Pick<Summary, "id" | "revision">, deed: Deed): Promise<Incident> {
  const params = { path: { id } };
  switch (deed.does) {
    case "state":
      return answer(api.POST("/api/v1/incidents/{id}/state", { params, body: { revision, state: deed.state } }));
    case "owner":
      return answer(api.POST("/api/v1/incidents/{id}/owner", { params, body: { revision, owner: deed.owner } }));
    case "comment":
      return answer(api.POST("/api/v1/incidents/{id}/comments", { params, body: { revision, text: deed.text } }));
    case "task":
      return answer(api.POST("/api/v1/incidents/{id}/tasks", { params, body: { revision, title: deed.title, due: deed.due } }));
    case "mark":
      return answer(api.POST("/api/v1/incidents/{id}/tasks/{number}", { params: { path: { id, number: deed.number } }, body: { revision, done: deed.done } }));
    case "propose":
      return answer(api.POST("/api/v1/incidents/{id}/requests", { params, body: { revision, to: deed.to, text: deed.text } }));
    case "approve":
    case "refuse":
    case "sent":
      return answer(api.POST(`/api/v1/incidents/{id}/requests/{number}/${deed.does}`, { params: { path: { id, number: deed.number } }, body: { revision } }));
    case "reply":
      return answer(api.POST("/api/v1/incidents/{id}/requests/{number}/reply", { params: { path: { id, number: deed.number } }, body: { revision, text: deed.text, is_correction: deed.is_correction } }));
    case "assess": {
      const { nature, recipient, acquired, mitigation, conclusion } = deed;
      return answer(api.POST("/api/v1/incidents/{id}/assessment", { params, body: { revision, nature, recipient, acquired, mitigation, conclusion } }));
    }
    case "decide":
      return answer(api.POST("/api/v1/incidents/{id}/verdict", { params, body: { revision, verdict: deed.verdict, reason: deed.reason } }));
    case "teach":
      return answer(api.POST("/api/v1/incidents/{id}/teaches", { params, body: { revision, teaches: deed.teaches } }));
  }
}

/** Where the whole case is taken out, as data or as a page to print. */
export function exportOf(id: string, format: "json" | "html"): string {
  return `/api/v1/incidents/${encodeURIComponent(id)}/export?format=${format}`;
}
