/** Other names under which findings stand about the same account or host: logs write one and the same in several ways. */

import { answer, api } from "../../api/client";
import { isAddress, shortOf, type Named } from "./about";
import type { Stretch } from "./links";

const VALUES = 10;
const NAMES_MAX = 6;

/** Columns whose values may be a part of another name. */
const COLUMNS: Readonly<Record<"user" | "host", readonly string[]>> = {
  user: ["actor_user_domain", "user_domain"],
  host: ["device_hostname", "src_endpoint_hostname", "dst_endpoint_hostname"],
};

/** Names that may mean the same, out of domains or hosts among its events. They are guesses until something stands under them. */
export function candidates({ kind, name }: Named, values: readonly string[]): string[] {
  const found = kind === "user" ? accounts(name, values) : hosts(name, values);
  return [...new Set(found)].filter((one) => one !== name).slice(0, NAMES_MAX);
}

function accounts(name: string, domains: readonly string[]): string[] {
  const bare = name.includes("\\") ? (name.split("\\").at(-1) ?? name) : (name.split("@")[0] ?? name);
  return [bare, ...domains.flatMap((domain) => [`${domain}\\${bare}`, `${bare}@${domain}`])];
}

function hosts(name: string, names: readonly string[]): string[] {
  const short = shortOf(name).toLowerCase();
  return [shortOf(name), ...names.filter((one) => shortOf(one).toLowerCase() === short)];
}

/** Of the names that may mean the same those under which there are findings. */
export async function readAlso(entity: Named, about: string, { from, until }: Stretch, signal: AbortSignal): Promise<Named[]> {
  const { kind } = entity;
  if ((kind !== "user" && kind !== "host") || isAddress(entity.name)) return [];
  const body = { filter: `(${about})`, from, until, columns: [...COLUMNS[kind]], values: VALUES };
  const facets = (await answer(api.POST("/api/v1/events/facets", { body, signal }))).items;
  const values = facets.flatMap((facet) => facet.values).flatMap(({ value }) => (typeof value === "string" && value !== "" ? [value] : []));
  const named = candidates(entity, values).map((name): Named => ({ kind, name }));
  const counts = await Promise.all(named.map(async (one) => (await answer(api.POST("/api/v1/findings/search", { body: { entity: one, limit: 1 }, signal }))).items.length));
  return named.filter((_, place) => (counts[place] ?? 0) > 0);
}
