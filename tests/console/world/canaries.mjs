/** Every word of Lakeside, and of the people who sign in, that could identify a person, a patient or a machine: none may stand where a browser keeps or tells things. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PEOPLE } from "./lakeside.mjs";
import { ROOT } from "./node.mjs";

/** Shorter words stand in others by chance. */
const LETTERS_MIN = 4;
const DECODED_MAX = 3;
/** Ids of events, findings and cases are made of digests: a machine called DC02 stands in one of some ten thousand by chance. */
const ID = /(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])/g;

/** What the files of the hospital call people, patients and machines. */
export function wordsOfLakeside() {
  const read = (name) => readFileSync(join(ROOT, "fixtures/lakeside", `${name}.toml`), "utf8");
  const values = (text, key) => [...text.matchAll(new RegExp(`\\b${key} = "([^"]+)"`, "g"))].map((found) => found[1]);
  const [staff, patients, hosts] = ["staff", "patients", "hosts"].map(read);
  return [
    ...["account", "admin_account", "family"].flatMap((key) => values(staff, key)), ...["mrn", "family", "born", "address"].flatMap((key) => values(patients, key)),
    ...["host", "name"].flatMap((key) => values(hosts, key)), ...Object.values(PEOPLE).map(({ name }) => name),
  ];
}

/** Those that a node shows: whom and what findings are about, by the name or the reference that stands on pages. */
export function wordsOfNode(groups, risks) {
  const entities = [...groups, ...risks].map((one) => one.entity).filter((entity) => entity.name && entity.kind !== "source");
  return entities.map((entity) => entity.name);
}

export class Canaries {
  #any;

  constructor(words) {
    const known = [...new Set(words.map((word) => word.toLowerCase()).filter((word) => word.length >= LETTERS_MIN))].sort((one, other) => other.length - one.length);
    this.count = known.length;
    this.#any = new RegExp(`(?<![a-z0-9])(?:${known.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})(?![a-z0-9])`, "g");
  }

  /** Those in a text as it stands, beside its ids. */
  shown(text) {
    return new Set(text.toLowerCase().replace(ID, "id").match(this.#any) ?? []);
  }

  /** Those in a text, also behind percent signs and base64, twice over. */
  hidden(text) {
    let readings = [text];
    const found = new Set();
    for (let depth = 0; depth < DECODED_MAX; depth += 1) {
      readings.forEach((reading) => this.shown(reading).forEach((word) => found.add(word)));
      readings = readings.flatMap((reading) => [decoded(reading), ...tokens(reading)]).filter((reading, place, all) => reading !== text && all.indexOf(reading) === place);
    }
    return [...found];
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function tokens(text) {
  return (text.match(/[A-Za-z0-9+/_-]{8,}/g) ?? []).map((token) => Buffer.from(token, "base64url").toString("latin1"));
}
