/** Five hundred people who work at the hospital: where staff have pseudonyms, their names stand on no page, in no panel, dialog, file, address or answer, whatever role looks. And the same walk finds them where staff are shown by name. */

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { namesIn, NAMES, OFFICERS, rendered } from "./world/five_hundred.mjs";
import { evening, invited, reviewed, ROLES } from "./world/lakeside.mjs";
import { Node } from "./world/node.mjs";
import { addresses, Walker } from "./world/walker.mjs";
import { check, world } from "./world/world.mjs";

/** How many the walk has to find at least, to be believed when it finds none. */
const FOUND_MIN = 400;
/** Pages of entities that a role walks: they ask the most of the node, and are made alike for all who may see them. */
const ENTITIES = { analyst: ["user"], privacy_officer: ["user", "patient"], responder: ["host"] };
/** Walks at a time. */
const AT_ONCE = 3;

/** Registers the checks of this chapter. */
export function names() {
  describe("Five hundred names", () => {
    const node = new Node();
    let tokens;
    let there;
    let patient;

    const settings = (context, hidden) => [`access.staff_pseudonyms=${hidden}`, "access.officers_see_names=false", `privacy.context_dir=${context}`, "privacy.budget=0", `privacy.office=${JSON.stringify(OFFICERS)}`];
    let folders;

    before(async () => {
      folders = rendered(node.folder);
      node.set(settings(folders.context, true));
      tokens = await invited(node);
      await evening(node, tokens, folders.evening);
      const { now } = await node.ask(tokens.analyst, "GET", "/api/v1/health");
      await node.stop();
      await node.start(`${now},1`);
      await reviewed(node, tokens);
      there = world.browser.at(node.origin);
      const { items } = await node.ask(tokens.privacy_officer, "GET", "/api/v1/incidents?limit=1");
      patient = (await node.ask(tokens.privacy_officer, "GET", `/api/v1/incidents/${items[0].id}`)).timeline.find((access) => access.patient_ref).patient_ref;
    });
    after(async () => {
      await node.stop();
      node.remove();
    });

    /** Walks as a role; which names stood where. */
    async function walked(role) {
      const state = await there.state(role);
      const context = await there.context({ storageState: state });
      const found = new Map();
      const see = (where, text) => namesIn(text).forEach((name) => found.set(name, (found.get(name) ?? new Set()).add(where)));
      const walker = new Walker(context, see);
      const ask = (method, path, body) => node.ask(tokens[role], method, path, body).catch(() => undefined);
      await walker.walk(await addresses(ask, patient, ENTITIES[role] ?? []));
      await context.close();
      return { role, walker, found };
    }

    async function all(roles) {
      const [left, out] = [[...roles], []];
      const turn = async () => {
        for (let role = left.shift(); role; role = left.shift()) out.push(await walked(role));
      };
      await Promise.all(Array.from({ length: AT_ONCE }, turn));
      return out;
    }

    check("where staff have pseudonyms, no page, panel, file, address or answer names one of five hundred people to any role", async () => {
      const cases = await node.ask(tokens.privacy_officer, "GET", "/api/v1/incidents?limit=1000");
      const record = await node.ask(tokens.privacy_officer, "GET", `/api/v1/privacy/records/${patient}`);
      const opened = new Set(record.accesses.map((access) => access.user.name)).size;
      console.log(`${cases.items.length} cases, ${opened} accounts in one record, ${record.for_others} accesses for another role`);
      assert.ok(opened >= FOUND_MIN, "there is somebody to name");
      for (const { role, walker, found } of await all(ROLES)) {
        console.log(`${role}: ${walker.pages} pages, ${walker.opened} things opened, ${walker.answers} answers read`);
        const said = [...found].slice(0, 5).map(([name, where]) => `${name} in ${[...where].slice(0, 3).join(", ")}`);
        assert.deepEqual([found.size, said], [0, []], role);
      }
    });

    check("the same walk finds them where staff are shown by name", async () => {
      await node.stop();
      node.set(settings(folders.context, false));
      await node.start();
      const { found } = await walked("privacy_officer");
      const accounts = NAMES.filter((name) => found.has(name));
      const places = new Set([...found.values()].flatMap((where) => [...where]));
      console.log(`${accounts.length} of ${NAMES.length} names, in ${places.size} places`);
      assert.ok(accounts.length >= FOUND_MIN, `it finds ${accounts.length}`);
    });
  });
}
