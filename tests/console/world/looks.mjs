/** How a page looks, to everybody: its width, what speaks against its accessibility, its picture. */

import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "./browser.mjs";
import { ROOT } from "./node.mjs";

const SCREENS = process.env.CORDON_SCREENS === "1" ? join(ROOT, "docs/screens") : undefined;
const PICTURE_BYTES_MAX = 300_000;

/** Nothing is wider than the window: nobody scrolls sideways to read. */
export async function fits(page, what) {
  const [is, room] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(is <= room, `${what} is ${is} px wide in ${room}`);
}

/** Of many rows the first few are looked at: the others are made by the same lines. */
const REPEATED = ['[role="row"]:nth-child(n + 6)', "tr:nth-child(n + 6)", "li:nth-child(n + 9)"];

/** Nothing serious or critical speaks against what is shown. */
export async function accessible(page, what) {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"] });
  REPEATED.forEach((selector) => axe.exclude(selector));
  const { violations } = await axe.analyze();
  const bad = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const said = bad.map((one) => `${one.id}: ${one.nodes.slice(0, 4).map((node) => `${node.target.join(" ")} ${node.failureSummary.split("\n")[1]?.trim()}`).join("; ")}`);
  assert.deepEqual(said, [], what);
}

/** A picture for docs/screens, when pictures are taken. */
export async function picture(page, name) {
  if (!SCREENS) return;
  mkdirSync(SCREENS, { recursive: true });
  const path = join(SCREENS, `${name}.png`);
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
  const { size } = statSync(path);
  assert.ok(size < PICTURE_BYTES_MAX, `${path} has ${size} bytes`);
}
