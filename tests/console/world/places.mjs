/** What places there are and who may see them: read from the console's own tables and from the table of the policies, so that a new page is visited without a word here. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROLES } from "./lakeside.mjs";
import { ROOT } from "./node.mjs";
import { world } from "./world.mjs";

const read = (path) => readFileSync(join(ROOT, path), "utf8");

/** Rows of a table in TypeScript: `{ path: "/", name: "Situation", .. }`. */
function rows(text, first) {
  const value = (row, key) => new RegExp(`\\b${key}: "([^"]*)"`).exec(row)?.[1];
  const needs = (row) => [.../\bneeds: (\[[^\]]*\]|"[^"]*")/.exec(row)?.[1].matchAll(/"([^"]+)"/g) ?? []].map((found) => found[1]);
  return [...text.matchAll(new RegExp(`^ *\\{ ${first}: .*$`, "gm"))].map(([row]) => ({ word: value(row, first), name: value(row, "name"), key: value(row, "key"), needs: needs(row) }));
}

/** The places of the navigation, in its order. */
export const PLACES = rows(read("web/src/pages.ts").split("const OTHERS")[0], "path").map(({ word, ...place }) => ({ path: word, ...place }));
/** The parts of the settings. */
export const PARTS = rows(read("web/src/pages/settings/parts.ts"), "word").map(({ word, name, needs }) => ({ path: `/settings/${word}`, name, needs }));

/** Which actions each role has (`crates/policy/data/matrix.md`): `-` is none, what an emergency alone gives does not count. */
const MATRIX = new Map(
  read("crates/policy/data/matrix.md").split("\n").slice(2).filter(Boolean).map((line) => {
    const [action, , ...cells] = line.split("|").slice(1, -1).map((cell) => cell.trim());
    return [action, new Set(ROLES.filter((_, place) => !/^-(; emergency: all)?$/.test(cells[place])))];
  }),
);

/** Whether a role has any of these actions. */
export function may(role, needs) {
  return needs.some((action) => {
    if (!MATRIX.has(action)) throw new Error(`the policies know no action ${action}`);
    return MATRIX.get(action).has(role);
  });
}

/** The page of whoever bears the highest risk, as the console addresses it. */
async function entityPage(role) {
  const { items } = await world.ask("analyst", "GET", "/api/v1/entities?limit=1");
  const [{ entity }] = items;
  const { handle } = await world.ask(role, "POST", "/api/v1/handles", { text: JSON.stringify([entity.kind, entity.name]) });
  return `/entities/${handle}`;
}

async function findingPage() {
  const { items } = await world.ask("analyst", "GET", "/api/v1/finding-groups?limit=200");
  return `/findings?group=${items.find((group) => group.entity.name === "m.linnet").id}`;
}

/** The case of the nurse who opened the record of her neighbour. */
export async function casePage() {
  const { items } = await world.ask("privacy_officer", "GET", "/api/v1/incidents?kind=privacy");
  return `/privacy/${items.find((one) => one.user.name === "m.linnet").id}`;
}

/** Who opened the record of that neighbour. */
export async function recordPage(role) {
  const { timeline } = await world.ask("privacy_officer", "GET", `/api/v1/incidents/${(await casePage()).split("/").at(-1)}`);
  const { handle } = await world.ask(role, "POST", "/api/v1/handles", { text: timeline.find((access) => access.patient_ref).patient_ref });
  return `/privacy/records/${handle}`;
}

async function modelPage() {
  const { items } = await world.ask("analyst", "GET", "/api/v1/models");
  return `/models/${items[0].id}`;
}

async function rulePage() {
  const { items } = await world.ask("analyst", "GET", "/api/v1/rules");
  return `/rules/${items.find((rule) => rule.title === "Shadow Copies Or Recovery Of Windows Deleted").id}`;
}

/** Every page: what it is called in pictures, where it is, what it needs. */
export async function visits(role) {
  const slug = (path) => path.slice(1).replaceAll("/", "-") || "situation";
  return [
    ...PLACES.filter((place) => place.path !== "/settings").map(({ path, needs }) => ({ slug: slug(path), path, needs })), ...PARTS.map(({ path, needs }) => ({ slug: slug(path), path, needs })),
    { slug: "situation-plain", path: "/?plain=1", needs: ["ReadFindings"] }, { slug: "finding", path: await findingPage(), needs: ["ReadFindings"] },
    { slug: "explore-sql", path: "/explore?mode=sql", needs: ["SearchEvents"] }, { slug: "rules-coverage", path: "/rules?view=coverage", needs: ["ReadRules"] },
    { slug: "privacy-record", path: await recordPage(role), needs: ["ReadIncidents"] }, { slug: "privacy-record-disclosures", path: `${await recordPage(role)}?view=disclosures`, needs: ["ReadIncidents"] }, { slug: "privacy-records", path: "/privacy/records", needs: ["ReadIncidents"] },
    // for auditors there is no such case: theirs are those of the privacy office
    ...(role === "auditor" ? [] : [{ slug: "privacy-case", path: await casePage(), needs: ["ReadIncidents"] }]), { slug: "model", path: await modelPage(), needs: ["ReadRules"] },
    { slug: "rule", path: await rulePage(), needs: ["ReadRules"] }, { slug: "entity", path: await entityPage(role), needs: ["ReadEntities"] }, { slug: "design", path: "/design", needs: ["UseOwnAccount"] },
  ];
}
