/** Light and dark, three densities, 375 px, 200 % zoom: what a person chooses holds, and nothing is lost by it. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { NARROW, settled } from "./world/browser.mjs";
import { check, eventually } from "./world/world.mjs";

/** 1280 by 800 at 200 % is a window of half of both, with two dots for each pixel. */
const ZOOMED = { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 };
const ROW_PX = { compact: 28, normal: 32, roomy: 40 };
const list = (page) => page.getByRole("grid", { name: "Finding groups" });
const theme = (page) => page.evaluate(() => document.documentElement.dataset.theme);

async function command(page, name) {
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog", { name: "Commands" }).waitFor();
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "Commands" }).waitFor({ state: "detached" });
}

async function open(visit, options) {
  const page = await visit.as("analyst", options);
  await page.goto("/findings");
  await list(page).getByRole("row").nth(1).waitFor();
  return page;
}

/** Registers the checks of this chapter. */
export function appearance() {
  describe("Appearance", () => {
    check("the theme follows the system until somebody chooses, and the choice outlives a reload", async (visit) => {
      const page = await open(visit);
      assert.equal(await theme(page), "light");
      await page.emulateMedia({ colorScheme: "dark" });
      await eventually("the system's theme", async () => (await theme(page)) === "dark");
      await command(page, "Theme: light");
      assert.equal(await theme(page), "light");
      await page.reload();
      await list(page).getByRole("row").nth(1).waitFor();
      assert.equal(await theme(page), "light");
      await command(page, "Theme: as the system");
      assert.equal(await theme(page), "dark");
    });

    check("rows have three densities, and the choice outlives a reload", async (visit) => {
      const page = await open(visit);
      for (const [density, height] of Object.entries(ROW_PX)) {
        await command(page, `Rows: ${density}`);
        await eventually(`rows of ${height} px`, async () => (await list(page).getByRole("row").nth(1).boundingBox()).height === height);
      }
      await page.reload();
      await eventually("roomy rows", async () => (await list(page).getByRole("row").nth(1).boundingBox())?.height === ROW_PX.roomy);
    });

    check("a severity has a shape and a word beside its colour", async (visit) => {
      const page = await open(visit);
      const cell = list(page).getByRole("row").nth(1).getByRole("gridcell").nth(1);
      assert.match(await cell.textContent(), /Critical/);
      assert.equal(await cell.locator("svg.shape").count(), 1);
    });

    check("on a telephone a finding is opened, read and closed again with a finger", async (visit) => {
      const page = await open(visit, { viewport: NARROW, hasTouch: true, isMobile: true });
      await list(page).getByRole("row").nth(1).tap();
      const panel = page.getByRole("complementary", { name: "Finding" });
      await panel.getByRole("region", { name: "Why" }).waitFor();
      const box = await panel.boundingBox();
      assert.ok(box.x >= 0 && box.width <= NARROW.width, JSON.stringify(box));
      await panel.getByRole("button", { name: "Close the panel" }).tap();
      await panel.waitFor({ state: "detached" });
      await page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Situation" }).tap();
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.equal(new URL(page.url()).pathname, "/");
    });

    check("at 200 % zoom a finding is triaged without scrolling sideways", async (visit) => {
      const page = await open(visit, ZOOMED);
      await page.keyboard.press("Enter");
      const panel = page.getByRole("complementary", { name: "Finding" });
      await panel.getByRole("button", { name: "Close …" }).waitFor();
      const [is, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
      assert.ok(is <= room);
      await page.keyboard.press("c");
      const button = page.getByRole("dialog").locator('button[type="submit"]');
      await button.scrollIntoViewIfNeeded();
      await button.waitFor();
      const box = await button.boundingBox();
      assert.ok(box.y + box.height <= ZOOMED.viewport.height && box.x + box.width <= ZOOMED.viewport.width, JSON.stringify(box));
    });

    check("the panel stands beside the list from 1280 px and over it below", async (visit) => {
      const page = await open(visit, { viewport: { width: 1280, height: 800 } });
      await page.keyboard.press("Enter");
      const panel = page.getByRole("complementary", { name: "Finding" });
      const right = async (locator) => {
        const box = await locator.boundingBox();
        return box.x + box.width;
      };
      await panel.waitFor();
      assert.ok((await right(list(page))) <= (await panel.boundingBox()).x + 1);
      await page.setViewportSize({ width: 1200, height: 800 });
      await settled(page);
      assert.ok((await right(list(page))) > (await panel.boundingBox()).x);
    });

    check("where motion is not wanted nothing moves", async (visit) => {
      const page = await open(visit, { reducedMotion: "reduce" });
      const longest = await page.evaluate(() => Math.max(...[...document.querySelectorAll("*")].flatMap((element) => {
        const style = getComputedStyle(element);
        return [style.animationDuration, style.transitionDuration].flatMap((text) => text.split(",").map(parseFloat));
      })));
      assert.ok(longest <= 0.01, `${longest} s`);
    });
  });
}
