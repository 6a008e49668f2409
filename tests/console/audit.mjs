/** Audit: who did what, and that nothing of it was changed. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { PEOPLE } from "./world/lakeside.mjs";
import { settled } from "./world/browser.mjs";
import { check, eventually, world } from "./world/world.mjs";

const list = (page) => page.getByRole("grid", { name: "Entries of the audit log" });

async function open(visit, path = "/audit") {
  const page = await visit.as("auditor");
  await page.goto(path);
  await settled(page);
  return page;
}

/** Registers the checks of this chapter. */
export function audit() {
  describe("Audit", () => {
    check("who did what stands newest first in sentences, and an entry opens with all that it holds", async (visit) => {
      const page = await open(visit);
      const { items } = await world.ask("auditor", "GET", "/api/v1/audit?limit=5");
      await list(page).getByRole("row").nth(1).waitFor();
      await page.keyboard.press("Enter");
      const panel = page.getByRole("complementary", { name: "Entry of the audit log" });
      await panel.waitFor();
      const seq = Number(new URL(page.url()).searchParams.get("entry"));
      assert.ok(items.some((entry) => entry.seq === seq));
      const { hash, actor } = items.find((entry) => entry.seq === seq);
      assert.equal(await panel.getByLabel(`Hash of entry ${seq}`, { exact: true }).inputValue(), hash);
      assert.ok((await panel.textContent()).includes(actor.split("/").at(-1)));
    });

    check("the chain is walked on demand and holds", async (visit) => {
      const page = await open(visit);
      await page.getByRole("button", { name: /^Verify the chain/ }).click();
      await page.getByText("The chain holds").waitFor();
      const said = Number(/([\d,]+) entries, walked/.exec(await page.getByRole("region", { name: "Chain" }).textContent())[1].replaceAll(",", ""));
      const { items } = await world.ask("auditor", "GET", "/api/v1/audit?limit=1");
      assert.ok(said > 0 && said <= items[0].seq);
    });

    check("what one person did is found, and the address holds a handle in place of the name", async (visit) => {
      const page = await open(visit);
      await list(page).getByRole("row").filter({ has: page.getByRole("gridcell", { name: PEOPLE.analyst.name, exact: true }) }).first().click();
      await page.getByRole("complementary", { name: "Entry of the audit log" }).getByRole("button", { name: new RegExp(`^Only .*${PEOPLE.analyst.name}`) }).click();
      await eventually("only what this person did", async () => {
        const rows = await list(page).getByRole("row").allTextContents();
        return rows.length > 1 && rows.slice(1).every((text) => text.includes(PEOPLE.analyst.name));
      });
      assert.ok(!page.url().includes(PEOPLE.analyst.name));
      assert.ok(new URL(page.url()).searchParams.has("who"));
    });
  });
}
