/** Whom and what an entity had to do with: the most frequent values of columns among its events, one list for each question. */

import { answer, api, type EntityKind, type Schemas } from "../../api/client";
import { bearsRisk } from "./about";
import { BREAK_GLASS } from "./lanes";

export interface Question {
  readonly title: string;
  /** What one of them is. */
  readonly kind: EntityKind;
  readonly columns: readonly string[];
  /** Only these of the entity's events. */
  readonly filter: string;
  /** Whether it matters that somebody broke the glass. */
  readonly asksBreakGlass?: boolean;
  /** What it means that there are none. */
  readonly none: string;
}

const USERS = ["actor_user_name", "user_name"] as const;
const HOSTS = ["device_hostname", "src_endpoint_hostname", "dst_endpoint_hostname"] as const;

export const QUESTIONS: Readonly<Record<EntityKind, readonly Question[]>> = {
  user: [
    { title: "Hosts", kind: "host", columns: HOSTS, filter: "", none: "No event in this time names a host." },
    { title: "Patients", kind: "patient", columns: ["patient_ref"], filter: "", asksBreakGlass: true, none: "No event in this time is about a patient." },
  ],
  host: [{ title: "Users", kind: "user", columns: USERS, filter: "", none: "No event in this time names a user." }],
  device: [
    { title: "Users", kind: "user", columns: USERS, filter: "", none: "No event in this time names a user." },
    { title: "Patients", kind: "patient", columns: ["patient_ref"], filter: "", none: "No event in this time is about a patient." },
  ],
  patient: [
    { title: "Who opened the record", kind: "user", columns: ["actor_user_name"], filter: "table:record_access", asksBreakGlass: true, none: "Nobody opened the record in this time." },
    { title: "Devices", kind: "device", columns: ["medical_device_uid"], filter: "", none: "No event in this time names a medical device." },
  ],
  source: [
    { title: "Hosts", kind: "host", columns: HOSTS, filter: "", none: "No event in this time names a host." },
    { title: "Users", kind: "user", columns: USERS, filter: "", none: "No event in this time names a user." },
  ],
};

/** Of each question. */
export const LISTED_MAX = 10;
/** Values of each column: a name that is frequent in two columns counts in both. */
const VALUES = 40;

export interface Link {
  readonly name: string;
  /** How often events name it. */
  readonly count: number;
  /** Events of these with break-glass. */
  readonly glass: number;
}

export interface Stretch {
  readonly from: string;
  readonly until: string;
}

/** The answer to a question about the events of `about`. */
export async function readLinks(question: Question, about: string, { from, until }: Stretch, signal: AbortSignal): Promise<Link[]> {
  const facets = (more: string) => {
    const filter = [`(${about})`, question.filter, more].filter(Boolean).join(" ");
    return answer(api.POST("/api/v1/events/facets", { body: { filter, from, until, columns: [...question.columns], values: VALUES }, signal }));
  };
  const [all, glass] = await Promise.all([facets(""), question.asksBreakGlass ? facets(BREAK_GLASS) : undefined]);
  return joined(question.kind, all.items, glass?.items ?? []);
}

type Facets = readonly Schemas["FacetBody"][];

/** One list out of the facets of several columns: whoever broke the glass first, then people before machines' own accounts, then the most frequent. */
export function joined(kind: EntityKind, all: Facets, glass: Facets): Link[] {
  const [counts, broken] = [summed(kind, all), summed(kind, glass)];
  const links = [...new Set([...broken.keys(), ...counts.keys()])].map((key) => {
    const [one, other] = [counts.get(key), broken.get(key)];
    return { name: one?.name ?? other?.name ?? key, count: Math.max(one?.count ?? 0, other?.count ?? 0), glass: other?.count ?? 0 };
  });
  // `WS1$@LAKESIDE.EXAMPLE`: the machine's own account, as Kerberos writes it
  const isNobody = ({ name }: Link) => Number(!bearsRisk({ kind, name }) || (kind === "user" && name.includes("$@")));
  return links.sort((a, b) => b.glass - a.glass || isNobody(a) - isNobody(b) || b.count - a.count).slice(0, LISTED_MAX);
}

type Sums = Map<string, { readonly name: string; readonly count: number }>;

/** How often each name stands in any column, whatever the case of its letters. */
function summed(kind: EntityKind, facets: Facets): Sums {
  const sums: Sums = new Map();
  for (const { value, count } of facets.flatMap((facet) => facet.values)) {
    if (typeof value === "string" && value !== "") add(sums, value.toLowerCase(), value, count);
  }
  return kind === "host" ? withDomains(sums) : sums;
}

function add(sums: Sums, key: string, name: string, count: number) {
  const known = sums.get(key);
  sums.set(key, { name: known?.name ?? name, count: (known?.count ?? 0) + count });
}

/** `WS1` counts as `WS1.lakeside.example` where there is one such name only. */
function withDomains(sums: Sums): Sums {
  const joined: Sums = new Map();
  for (const [key, { name, count }] of sums) {
    const whole = key.includes(".") ? [] : [...sums].filter(([other]) => other.startsWith(`${key}.`));
    const [only] = whole.length === 1 ? whole : [];
    add(joined, only?.[0] ?? key, only?.[1].name ?? name, count);
  }
  return joined;
}
