/** What every check has: the node with Lakeside in it, the browser, and the record of what happened. `check` is a test that leaves nothing open and is judged by the record as well. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Browser, PATIENCE_MS, Visit } from "./browser.mjs";
import { Canaries, wordsOfLakeside, wordsOfNode } from "./canaries.mjs";
import { lakeside } from "./lakeside.mjs";
import { ROOT, until } from "./node.mjs";
import { Record } from "./record.mjs";

const LOADING_MS = 900_000;
const CHECK_MS = 300_000;
const PICTURES = join(ROOT, "target/console-failures");

/** Filled before the first check. */
export const world = {
  /** @type {import("./node.mjs").Node} */ node: undefined,
  tokens: undefined,
  /** @type {Browser} */ browser: undefined,
  /** @type {Record} */ record: undefined,
  canaries: undefined,
  /** The sentences of all checks. */
  checks: new Set(),
  /** A question to the API as a role. */
  ask: (role, method, path, body) => world.node.ask(world.tokens[role], method, path, body),
};

before(
  async () => {
    const begun = Date.now();
    Object.assign(world, await lakeside());
    world.record = new Record();
    world.browser = new Browser(world.record, world.node.origin);
    await world.browser.open();
    const [groups, risks] = await Promise.all(["finding-groups", "entities"].map((list) => world.ask("analyst", "GET", `/api/v1/${list}?limit=200`)));
    world.canaries = new Canaries([...wordsOfLakeside(), ...wordsOfNode(groups.items, risks.items)]);
    console.log(`Lakeside is loaded after ${((Date.now() - begun) / 1000).toFixed(1)} s: ${groups.items.length} groups of findings`);
  },
  { timeout: LOADING_MS },
);

after(async () => {
  await world.browser?.close();
  await world.node?.stop();
  world.node?.remove();
});

/** A sentence of behaviour, and how it is seen. The patience only ends what hangs. */
export function check(sentence, body, patience = CHECK_MS) {
  world.checks.add(sentence);
  test(sentence, { timeout: patience }, async () => {
    const visit = new Visit(world.browser);
    try {
      await body(visit);
      await visit.end();
    } catch (fault) {
      mkdirSync(PICTURES, { recursive: true });
      await visit.pictures(join(PICTURES, sentence.replace(/[^a-z0-9]+/gi, "-").slice(0, 80)));
      await visit.end().catch(() => null);
      throw visit.judge.problems.size > 0 ? new Error(beside(visit).join("\n"), { cause: fault }) : fault;
    }
    if (visit.judge.problems.size > 0) throw new Error(beside(visit).join("\n"));
  });
}

function beside({ judge }) {
  return ["beside what was looked at:", ...judge.problems];
}

/** Waits until it holds. */
export function eventually(what, holds, patience = PATIENCE_MS) {
  return until(what, holds, patience);
}
