/** What a first visit loads, which decides; and how quickly lists answer, which is printed: `CORDON_EVENTS=1000000` fills the store before. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./world/browser.mjs";
import { interacted, watched } from "./world/interactions.mjs";
import { check, world } from "./world/world.mjs";

/** Script and style as they are sent, until the first list is shown. */
const FIRST_LOAD_BYTES_MAX = 200_000;
const STEPS = 60;
const FIRST_LISTS = {
  "/": (page) => page.getByRole("region", { name: "What matters now" }).getByRole("listitem").first(),
  "/findings": (page) => page.getByRole("grid", { name: "Finding groups" }).getByRole("row").nth(1),
};

/** Registers the checks of this chapter. */
export function budget() {
  describe("Budget", () => {
    for (const [path, first] of Object.entries(FIRST_LISTS)) {
      check(`a first visit of ${path} loads less than 200 kB of script and style before it shows its list`, async (visit) => {
        const page = await visit.as("analyst");
        const loaded = [];
        page.on("requestfinished", (request) => ["script", "stylesheet"].includes(request.resourceType()) && loaded.push(request));
        await page.goto(path);
        await first(page).waitFor();
        const sizes = await Promise.all([...loaded].map((request) => request.sizes()));
        const sum = sizes.reduce((all, size) => all + size.responseBodySize, 0);
        console.log(`first visit of ${path}: ${(sum / 1000).toFixed(1)} kB of script and style in ${loaded.length} files`);
        assert.ok(loaded.length > 1);
        assert.ok(sum < FIRST_LOAD_BYTES_MAX, `${sum} bytes`);
        const packed = await Promise.all(loaded.map(async (request) => (await (await request.response()).allHeaders())["content-encoding"]));
        assert.deepEqual([...new Set(packed)], ["gzip"], "everything is sent packed");
      });
    }

    check("files with a hash in their name are kept by the browser, the page itself is asked for each time", async (visit) => {
      const page = await visit.as("analyst");
      const kept = new Map();
      page.on("response", (response) => kept.set(new URL(response.url()).pathname, response.headers()["cache-control"] ?? ""));
      await page.goto("/");
      await settled(page);
      assert.match(kept.get("/"), /no-cache|no-store/);
      const assets = [...kept].filter(([path]) => path.startsWith("/assets/"));
      assert.ok(assets.length > 1);
      assets.forEach(([path, control]) => assert.match(control, /immutable/, path));
    });

    check("a list of 10,000 rows holds only those that are seen, and every row is reached by keyboard", async (visit) => {
      const page = await visit.as("analyst");
      await watched(page);
      await page.goto("/design");
      await settled(page);
      const list = page.getByRole("grid", { name: "Rows" });
      await list.focus();
      for (let step = 0; step < STEPS; step += 1) await page.keyboard.press(step % 3 === 0 ? "PageDown" : "ArrowDown");
      await page.keyboard.press("End");
      await list.getByText("Row 9999").waitFor();
      await page.keyboard.press("Home");
      await list.getByText("Row 0", { exact: true }).waitFor();
      await list.getByRole("row").nth(2).click();
      assert.equal(await list.getAttribute("aria-rowcount"), "10000");
      assert.ok((await list.getByRole("row").count()) < 100);
      await interacted(page, `10,000 rows, ${STEPS + 3} interactions`);
    });

    check("the lists of findings and of events are gone through key by key with all that the store holds", async (visit) => {
      const { rows } = await world.ask("analyst", "POST", "/api/v1/events/sql", { sql: "SELECT count(*) AS events FROM events", limit: 1 });
      const page = await visit.as("analyst");
      await watched(page);
      for (const [path, name, panel] of [["/findings", "Finding groups", "Finding"], ["/explore?range=all", "Events", "Event"]]) {
        await page.goto(path);
        await settled(page);
        await page.keyboard.press("Enter");
        const beside = page.getByRole("complementary", { name: panel, exact: true });
        await beside.waitFor();
        const first = new URL(page.url()).search;
        for (let step = 0; step < STEPS; step += 1) await page.keyboard.press(step % 4 === 3 ? "k" : "j");
        await settled(page);
        assert.notEqual(new URL(page.url()).search, first, `${name}: another row is open`);
        await page.keyboard.press("Escape");
        await beside.waitFor({ state: "detached" });
        await interacted(page, `${path} over ${rows[0].events} events, ${STEPS + 2} interactions`);
      }
    });
  });
}
