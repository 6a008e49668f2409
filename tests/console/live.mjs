/** What comes while somebody looks, and what is shown while the node does not answer. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { attack } from "./world/attack.mjs";
import { settled } from "./world/browser.mjs";
import { check, eventually, world } from "./world/world.mjs";

const AWAY = "The node does not answer. What you see is from before";
/** Longer than the console waits for an answer to what it asks by itself. */
const CLOCK_ASKS_MS = 20_000;
const CLOCK_WAITS_MS = 10_000;
const list = (page) => page.getByRole("grid", { name: "Finding groups" });

async function open(visit, address, prepare = () => {}) {
  const page = await visit.as("analyst");
  await prepare(page);
  await page.goto(address);
  await settled(page);
  await page.evaluate(() => (window.isStillThere = true));
  return page;
}

/** Registers the checks of this chapter. */
export function live() {
  describe("While somebody looks", () => {
    check("a new finding appears in the list without a reload, and what is open stays open", async (visit) => {
      const page = await open(visit, "/findings?order=latest");
      await page.keyboard.press("Enter");
      const title = await page.getByRole("complementary", { name: "Finding" }).getByRole("heading", { level: 2 }).textContent();
      await attack("n.new1");
      await list(page).getByText("n.new1").first().waitFor();
      assert.equal(await page.evaluate(() => window.isStillThere), true);
      assert.equal(await page.getByRole("complementary", { name: "Finding" }).getByRole("heading", { level: 2 }).textContent(), title);
    });

    check("the situation counts a new finding without a reload", async (visit) => {
      const page = await open(visit, "/");
      const sentence = page.getByRole("heading", { level: 1 });
      const before = await sentence.textContent();
      await attack("n.new2");
      await eventually("the sentence is another", async () => (await sentence.textContent()) !== before);
      assert.equal(await page.evaluate(() => window.isStillThere), true);
    });
  });

  describe("While the node does not answer", () => {
    check("a node that is stopped is said to be away, what was read stays, and it heals by itself", async (visit) => {
      visit.expectAway();
      const page = await open(visit, "/findings", (page) => page.clock.install());
      const { now } = await world.ask("analyst", "GET", "/api/v1/health");
      await world.node.stop();
      let rows = 0;
      try {
        await page.keyboard.press("Enter");
        await page.getByRole("alert").getByText(AWAY).first().waitFor();
        rows = await list(page).getByRole("row").count();
      } finally {
        await world.node.start(`${now},1`);
      }
      assert.ok(rows > 1, "the list stays");
      // nobody waits here until the console asks again by itself
      await page.clock.runFor(CLOCK_ASKS_MS);
      await page.locator("main > .band").waitFor({ state: "detached" });
      await page.getByRole("complementary", { name: "Finding" }).getByRole("region", { name: "Why" }).waitFor();
      assert.equal(await page.evaluate(() => window.isStillThere), true);
      await attack("n.new3");
      await page.goto("/findings?order=latest");
      await list(page).getByText("n.new3").first().waitFor();
    });

    check("a node that hangs is noticed too, and it heals by itself", async (visit) => {
      visit.expectAway();
      const page = await open(visit, "/findings", (page) => page.clock.install());
      world.node.freeze();
      try {
        await page.clock.runFor(CLOCK_ASKS_MS);
        await page.clock.runFor(CLOCK_WAITS_MS + 1_000);
        await page.getByRole("alert").getByText(AWAY).first().waitFor();
      } finally {
        world.node.thaw();
      }
      await page.clock.runFor(CLOCK_ASKS_MS);
      await page.locator("main > .band").waitFor({ state: "detached" });
    });

    check("what somebody did meanwhile is taken back and said", async (visit) => {
      visit.expectAway();
      const page = await open(visit, "/findings?level=high");
      await page.keyboard.press("Enter");
      await settled(page);
      await page.context().setOffline(true);
      await page.keyboard.press("e");
      await page.locator(".toast.fault").waitFor();
      assert.equal(await page.getByRole("button", { name: /^Give back/ }).count(), 0);
      await page.context().setOffline(false);
      await page.keyboard.press("e");
      await page.getByRole("button", { name: /^Give back/ }).waitFor();
      await page.keyboard.press("e");
      await page.getByText("Given back").waitFor();
    });
  });
}
