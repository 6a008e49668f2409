/** A node that nobody has signed in to and nothing has sent to: the first administrator, and what empty pages say. */

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { settled } from "./world/browser.mjs";
import { PASSWORD } from "./world/lakeside.mjs";
import { accessible, picture } from "./world/looks.mjs";
import { Node } from "./world/node.mjs";
import { code } from "./world/totp.mjs";
import { check, world } from "./world/world.mjs";

const NAME = "first.of-all";
/** What each page says while there is nothing, and which way it shows. */
const EMPTY = [
  { path: "/", slug: "situation", says: /No source sends anything yet/ },
  { path: "/findings", slug: "findings", says: /Nothing is open/ },
  { path: "/explore", slug: "explore", says: /Nothing fits|Nothing was kept|No event/ },
  { path: "/sources", slug: "sources", says: /Nothing sends to this node yet/, leads: "Add a source" },
  { path: "/settings/suppressions", slug: "settings-suppressions", says: /Nothing is quiet/ },
  { path: "/settings/holds", slug: "settings-holds", says: /Nothing is held/ },
];

/** Registers the checks of this chapter. */
export function newNode() {
  describe("A new node", () => {
    const node = new Node();
    const there = () => world.browser.at(node.origin);
    let state;

    before(() => node.start());
    after(async () => {
      await node.stop();
      node.remove();
    });

    check("the first administrator comes in by the link that the node printed, once, with a second factor, and the secret leaves the address", async (visit) => {
      const link = `${node.origin}/${await node.firstLink()}`;
      const page = await visit.page({}, there());
      await page.goto(link);
      await page.getByRole("heading", { name: "First administrator" }).waitFor();
      assert.equal(page.url(), `${node.origin}/`);
      await page.getByLabel("Name").fill(NAME);
      await page.getByLabel("Password").fill(PASSWORD);
      await page.getByRole("button", { name: "Create and sign in" }).click();
      const field = page.getByLabel("Code of the authenticator");
      await field.waitFor();
      await field.fill(code((await page.locator("code").textContent()).replace(/\s/g, "")));
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.getByRole("navigation", { name: "Places" }).waitFor();
      state = await page.context().storageState();
      visit.expect(401, /first-administrator$/);
      visit.expect(403, /first-administrator$/);
      visit.expect(404, /first-administrator$/);
      visit.expect(409, /first-administrator$/);
      const again = await visit.page({}, there());
      await again.goto(link);
      await again.getByLabel("Name").fill("second");
      await again.getByLabel("Password").fill(PASSWORD);
      await again.getByRole("button", { name: "Create and sign in" }).click();
      await again.getByRole("alert").waitFor();
    });

    check("a page without anything says what that means and what to do next", async (visit) => {
      const page = await visit.page({ storageState: state }, there());
      for (const { path, slug, says, leads } of EMPTY) {
        await page.goto(path);
        await settled(page);
        const text = await page.locator("main").textContent();
        assert.match(text, says, path);
        if (leads) await page.getByRole("button", { name: leads }).first().waitFor();
        await accessible(page, `${path} of a new node`);
        await picture(page, `empty-${slug}-light-wide`);
      }
    });
  });
}
