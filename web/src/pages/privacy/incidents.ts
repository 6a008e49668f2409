/** Privacy cases and reviews, as the node tells them, and what people do with them. A privacy case is an Incident of kind `privacy`; "case" is the word on the screen. */

import { answer, api, BACKGROUND, type Entity, type Schemas } from "../../api/client";

export type State = "new" | "triage" | "asked" | "answered" | "decided" | "closed" | "withdrawn";
export type Verdict = "appropriate" | "policy_violation" | "breach" | "unfounded";
export type FactorLevel = "low" | "medium" | "high";
export type Conclusion = "low_probability" | "breach";
export type RequestState = "proposed" | "approved" | "sent" | "replied" | "refused";

export interface Summary {
  readonly id: string;
  readonly state: State;
  readonly title: string;
  /** 0 to 1. */
  readonly score: number;
  readonly scenarios: readonly string[];
  readonly user: Entity;
  readonly site: string;
  readonly patients: number;
  readonly accesses: number;
  readonly first: string;
  readonly last: string;
  readonly opened: string;
  readonly owner: string | null;
  readonly verdict: Verdict | null;
  readonly due: string | null;
  readonly revision: number;
}

/** A sentence and what proves it: `event:ID`, or `file.csv:row`. */
export interface Told {
  readonly text: string;
  readonly proof: readonly string[];
}

export interface Part {
  readonly name: string;
  /** Natural logarithm of how many times more often it is seen where an access was improper. */
  readonly nats: number;
}

export interface Access {
  readonly event_id: string;
  readonly time: string;
  readonly patient_ref: string;
  readonly action: string;
  readonly section: string;
  readonly source: string;
  readonly workstation: string;
  readonly break_glass: boolean;
  /** Reasons that were found; none: no reason found in the data. */
  readonly explanation: readonly string[];
}

export interface Task {
  readonly number: number;
  readonly title: string;
  readonly due: string | null;
  readonly done: boolean;
  readonly by: string;
}

export interface Request {
  readonly number: number;
  readonly to: "employee" | "manager";
  readonly text: string;
  readonly state: RequestState;
  readonly proposed_by: string;
  readonly approved_by: string | null;
  readonly reply: { readonly at: string; readonly text: string; readonly is_correction: boolean } | null;
}

export interface Factor {
  readonly level: FactorLevel;
  readonly words: string;
}

export type FactorName = "nature" | "recipient" | "acquired" | "mitigation";

export interface Assessment extends Readonly<Record<FactorName, Factor>> {
  readonly conclusion: Conclusion;
}

export interface Incident extends Summary {
  readonly patient_refs: readonly string[];
  readonly parts: readonly Part[];
  readonly sentences: readonly Told[];
  readonly counter_evidence: readonly Told[];
  readonly timeline: readonly Access[];
  readonly tasks: readonly Task[];
  readonly comments: readonly { readonly at: string; readonly by: string; readonly text: string }[];
  readonly requests: readonly Request[];
  readonly assessment: (Assessment & { readonly by: string; readonly at: string }) | null;
  readonly verdict_reason: string | null;
  readonly custody: readonly { readonly at: string; readonly by: string; readonly deed: string; readonly words: string; readonly hash: string }[];
  readonly similar: readonly { readonly id: string; readonly title: string; readonly score: number; readonly state: State }[];
  readonly withdrawn_reason: string | null;
  readonly deadlines: readonly { readonly name: string; readonly due: string }[];
}

export interface Silence {
  readonly feed: string;
  readonly from: string;
  readonly until: string;
  readonly words: string;
}

export interface Review {
  readonly ran: string;
  readonly from: string;
  readonly until: string;
  readonly accesses: number;
  readonly explained: number;
  readonly unexplained: number;
  readonly withheld: number;
  readonly by_reason: Readonly<Record<string, number>>;
  readonly silences: readonly Silence[];
  readonly cases: number;
  readonly withdrawn: number;
  readonly took_ms: number;
}

export interface Status {
  readonly site: string;
  readonly last: Review | null;
  readonly runs: readonly Review[];
  readonly next: string | null;
  readonly is_set_up: boolean;
  readonly missing: readonly string[];
}

type Ask = (path: string, init?: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
const [GET, POST] = [api.GET, api.POST] as unknown as [Ask, Ask];
const ask = <T>(asked: ReturnType<Ask>) => answer(asked) as Promise<T>;

export interface Page {
  readonly items: readonly Summary[];
  readonly next: string | null;
}

export interface Filter {
  /** States, divided by commas. */
  readonly state?: string | undefined;
  readonly owner?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** Cases, the highest score first. */
export function readPage(filter: Filter, signal?: AbortSignal): Promise<Page> {
  return ask(GET("/api/v1/incidents", { params: { query: { kind: "privacy", ...filter } }, headers: BACKGROUND, signal }));
}

export function readIncident(id: string, signal: AbortSignal): Promise<Incident> {
  return ask(GET("/api/v1/incidents/{id}", { params: { path: { id } }, headers: BACKGROUND, signal }));
}

export function readStatus(signal: AbortSignal): Promise<Status> {
  return ask(GET("/api/v1/privacy/status", { headers: BACKGROUND, signal }));
}

export function startReview(): Promise<Schemas["Job"]> {
  return ask(POST("/api/v1/privacy/reviews", {}));
}

/** What people do with a case; each is one entry of its custody list. */
export type Deed =
  | { readonly does: "state"; readonly state: State }
  | { readonly does: "owner"; readonly owner: string | null }
  | { readonly does: "comments"; readonly text: string }
  | { readonly does: "tasks"; readonly title: string; readonly due: string | null }
  | { readonly does: `tasks/${number}`; readonly done: boolean }
  | { readonly does: "requests"; readonly to: Request["to"]; readonly text: string }
  | { readonly does: `requests/${number}/${"approve" | "refuse" | "sent"}` }
  | { readonly does: `requests/${number}/reply`; readonly text: string; readonly is_correction: boolean }
  | ({ readonly does: "assessment" } & Assessment)
  | { readonly does: "verdict"; readonly verdict: Verdict; readonly reason: string };

/** Does it to the case as it was read: whoever was quicker is not overwritten (409). Answers the case as it is then. */
export function act(incident: Pick<Summary, "id" | "revision">, { does, ...body }: Deed): Promise<Incident> {
  return ask(POST(`/api/v1/incidents/{id}/${does}`, { params: { path: { id: incident.id } }, body: { revision: incident.revision, ...body } }));
}

/** Where the whole case is taken out, as data or as a page to print. */
export function exportOf(id: string, format: "json" | "html"): string {
  return `/api/v1/incidents/${encodeURIComponent(id)}/export?format=${format}`;
}
