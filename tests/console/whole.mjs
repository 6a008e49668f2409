/** What holds over all that was done before: nothing told outside, nothing kept that names anybody. Each check before was judged by itself; here it is shown that there was something to see. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe } from "node:test";
import { Canaries } from "./world/canaries.mjs";
import { PASSWORD, PEOPLE } from "./world/lakeside.mjs";
import { ROOT } from "./world/node.mjs";
import { check, world } from "./world/world.mjs";

const SHOWN_MIN = 30;
const TOLD_MIN = 100;

/** Registers the checks of this chapter. */
export function whole() {
  describe("The whole suite", () => {
    check("a name is found in an address, also behind percent signs and base64, and not by chance in an id", () => {
      const canaries = new Canaries(["DC02", "m.linnet"]);
      const id = "4a0a9808-dc02-8f71-a112-f7234ced5a0b";
      const hidden = (text) => canaries.hidden(`/explore?event=${id}&${text}`);
      assert.deepEqual(["", "host=dc02", `dc02-${id}`, "user=m%2Elinnet", `at=${btoa("user:m.linnet")}`].map(hidden), [[], ["dc02"], ["dc02"], ["m.linnet"], ["m.linnet"]]);
    });

    check("names of people, patients and machines stood on pages, and in no address, title, storage, cookie, message of the console or referrer", async () => {
      const shown = new Set([...world.record.shown].flatMap((text) => [...world.canaries.shown(text)]));
      console.log(`${shown.size} of ${world.canaries.count} names and references of Lakeside stood on ${world.record.pages} pages`);
      assert.ok(shown.size >= SHOWN_MIN);
      const told = [...world.record.told.values()];
      assert.ok(told.length >= TOLD_MIN, "there is something to look at");
      const leaks = told.flatMap(({ where, text }) => world.canaries.hidden(text).map((word) => `${where}: ${word} in ${text}`));
      assert.deepEqual(leaks, []);
    });

    check("no referrer was sent or seen", async () => {
      assert.deepEqual([...world.record.told.values()].filter(({ where }) => where === "referrer"), []);
    });

    check("a browser keeps the theme, the density and the moment of the last visit, and nothing else", async () => {
      const kept = [...world.record.told.values()].filter(({ where }) => where === "storage").flatMap(({ text }) => Object.keys(JSON.parse(text)));
      assert.deepEqual([...new Set(kept)].filter((name) => !["theme", "density", "last-visit"].includes(name)), []);
    });

    check("the log of the node names nobody of the hospital and holds no password", async () => {
      const log = world.node.log();
      assert.ok(log.length > 0);
      // who was refused what is logged by the name of the user of this node
      const users = Object.values(PEOPLE).map(({ name }) => name);
      assert.deepEqual(world.canaries.hidden(log).filter((name) => !users.includes(name)), []);
      assert.ok(!log.includes(PASSWORD));
    });

    check("the description that the console's types are made from is that of the node", async () => {
      const told = await (await fetch(`${world.node.origin}/api/v1/openapi.json`)).json();
      assert.deepEqual(JSON.parse(readFileSync(join(ROOT, "web/openapi.json"), "utf8")), told);
    });

    check("every promise of the page about the console names a check that ran", async () => {
      const rows = readFileSync(join(ROOT, "docs/specs/console.md"), "utf8").split("\n").filter((line) => line.startsWith("| "));
      const names = rows.flatMap((row) => [...row.split("|").at(-2).matchAll(/`([^`]* [^`]*)`/g)].map((found) => found[1]));
      assert.ok(names.length > 60);
      assert.deepEqual(names.filter((name) => !world.checks.has(name)), []);
    });
  });
}
