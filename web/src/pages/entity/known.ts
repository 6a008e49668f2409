/** What the node's rules have said about an entity: its groups, the groups of others that name it, its findings with their numbers. */

import { answer, api, BACKGROUND, Problem, type EntityKind, type Finding, type Group, type Schemas } from "../../api/client";
import type { Named } from "./about";
import { isLoud, numbersOf } from "./risk";

const PAGE_ROWS = 1_000;
/** Findings that are read of one entity; older ones are left out, and the page says so. */
const FINDINGS_MAX = 5_000;
const GROUPS_MAX = 500;
/** Groups of others that are read one by one. */
const OTHERS_MAX = 40;

export interface Known {
  /** Groups about the entity itself, the latest first. */
  readonly groups: readonly Group[];
  /** Groups about somebody or something else whose findings name it. */
  readonly others: readonly Group[];
  readonly findings: readonly Finding[];
  /** Nothing was left out. */
  readonly isWhole: boolean;
  /** Numbers of loud findings among those of their groups. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** The score of an entity now; `null` when there is none. */
export interface Risk {
  readonly now: Schemas["EntityRisk"] | null;
}

export async function readRisk(entity: Named, signal: AbortSignal): Promise<Schemas["EntityRisk"] | null> {
  return answer(api.POST("/api/v1/entities/risk", { body: entity, headers: BACKGROUND, signal })).catch((problem: unknown) => {
    if (problem instanceof Problem && problem.status === 404) return null;
    throw problem;
  });
}

export async function readKnown(entity: Named, signal: AbortSignal): Promise<Known> {
  const [groups, found] = await Promise.all([readGroups(entity, signal), readFindings(entity, signal)]);
  const own = new Set(groups.map((group) => group.id));
  const foreign = [...new Set(found.findings.map((finding) => finding.group))].filter((id) => !own.has(id));
  const others = await Promise.all(foreign.slice(0, OTHERS_MAX).map((id) => readGroup(id, signal)));
  const loud = new Map([...groups, ...others.flatMap((group) => group ?? [])].map((group) => [group.id, group.loud]));
  const beside = await Promise.all([...loud].filter(([id, count]) => !own.has(id) && count > loudOf(found.findings, id)).map(([id]) => readMembers(id, signal)));
  return {
    groups,
    others: others.flatMap((group) => group ?? []),
    findings: found.findings,
    isWhole: found.isWhole && foreign.length <= OTHERS_MAX,
    numbers: numbersOf([...found.findings, ...beside.flat()], loud),
  };
}

function loudOf(findings: readonly Finding[], group: string): number {
  return findings.filter((finding) => finding.group === group && isLoud(finding)).length;
}

async function readGroups(entity: Named, signal: AbortSignal): Promise<readonly Group[]> {
  return (await answer(api.POST("/api/v1/finding-groups/search", { body: { entity, limit: GROUPS_MAX }, headers: BACKGROUND, signal }))).items;
}

async function readFindings(entity: Named, signal: AbortSignal): Promise<{ findings: readonly Finding[]; isWhole: boolean }> {
  const findings: Finding[] = [];
  let cursor: string | null = null;
  do {
    const body: Schemas["FindingSearch"] = { entity, limit: PAGE_ROWS, ...(cursor ? { cursor } : {}) };
    const page: Schemas["PageBody_Finding"] = await answer(api.POST("/api/v1/findings/search", { body, headers: BACKGROUND, signal }));
    findings.push(...page.items);
    cursor = page.next;
  } while (cursor && findings.length < FINDINGS_MAX);
  return { findings, isWhole: cursor === null };
}

/** A group of somebody else: it may have left, or not be for whoever asks. */
async function readGroup(id: string, signal: AbortSignal): Promise<Group | undefined> {
  return answer(api.GET("/api/v1/finding-groups/{id}", { params: { path: { id } }, headers: BACKGROUND, signal })).catch((problem: unknown) => {
    if (problem instanceof Problem && problem.status === 404) return undefined;
    throw problem;
  });
}

/** The findings of a group of which only some name the entity: the number of each hangs on all of them. */
async function readMembers(group: string, signal: AbortSignal): Promise<readonly Finding[]> {
  return (await answer(api.GET("/api/v1/findings", { params: { query: { group, limit: PAGE_ROWS } }, headers: BACKGROUND, signal }))).items;
}

/** Whether a finding names an entity. */
export function isAbout({ subjects, source }: Pick<Finding, "subjects" | "source">, { kind, name }: Named): boolean {
  const named: Readonly<Record<EntityKind, string | null>> = { user: subjects.user, host: subjects.host, device: subjects.device, patient: subjects.patient_ref, source };
  return named[kind] === name;
}
