/** What a first visit loads, which decides; and how quickly a list of 10,000 rows answers, which is printed. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./world/browser.mjs";
import { check } from "./world/world.mjs";

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
      await page.addInitScript(() => {
        window.interactions = [];
        new PerformanceObserver((entries) => entries.getEntries().forEach((entry) => entry.interactionId && window.interactions.push(entry.duration))).observe({ type: "event", durationThreshold: 16, buffered: true });
      });
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
      await page.waitForTimeout(200);
      const slow = (await page.evaluate(() => window.interactions)).sort((one, other) => other - one);
      // the browser tells of those from 16 ms on, in steps of 8 ms
      console.log(`interaction to next paint, 10,000 rows, ${STEPS + 3} interactions: ${slow.length} took 16 ms or longer, the longest ${slow[0] ?? "under 16"} ms`);
    });
  });
}
