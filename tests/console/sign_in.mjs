/** Coming in and going out. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { PASSWORD, PEOPLE } from "./world/lakeside.mjs";
import { check, world } from "./world/world.mjs";

const places = (page) => page.getByRole("navigation", { name: "Places" });

/** Registers the checks of this chapter. */
export function signIn() {
  describe("Signing in", () => {
    check("a wrong password is refused in a sentence and the name stays", async (visit) => {
      visit.expect(401, /\/sign-in$/);
      const page = await visit.page();
      await page.goto("/");
      await visit.signIn(page, "analyst", "wrong horse battery");
      await page.getByRole("alert").waitFor();
      assert.equal(await page.getByLabel("Name").inputValue(), PEOPLE.analyst.name);
      assert.equal(await places(page).count(), 0);
    });

    check("the right password leads to the situation and the address keeps nothing of it", async (visit) => {
      const page = await visit.page();
      await page.goto("/");
      await visit.signIn(page, "analyst");
      await places(page).waitFor();
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.equal(new URL(page.url()).pathname + new URL(page.url()).search, "/");
      assert.equal(await page.title(), "Situation · Cordon");
    });

    check("an administrator sets up a second factor before anything else and is asked for a code from then on", async (visit) => {
      await visit.as("administrator");
      visit.expect(401, /\/sign-in$/);
      const page = await visit.page();
      await page.goto("/");
      await visit.signIn(page, "administrator");
      const code = page.getByLabel("Code of the authenticator");
      await code.waitFor();
      await code.fill("000000");
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByRole("alert").waitFor();
      assert.equal(await places(page).count(), 0);
      await code.fill(visit.nextCode());
      await page.getByRole("button", { name: "Sign in", exact: true }).click();
      await places(page).waitFor();
    });

    check("signing out ends the session here and at the node", async (visit) => {
      const page = await visit.page();
      await page.goto("/findings");
      await visit.signIn(page, "responder");
      await places(page).waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await page.reload();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      assert.equal((await page.context().cookies()).filter((cookie) => cookie.name.includes("session")).length, 0);
    });

    check("a session that ended elsewhere leads back to where one was", async (visit) => {
      visit.expect(401, /^\/api\//);
      const page = await visit.page();
      await page.goto("/findings?level=critical");
      await visit.signIn(page, "analyst");
      await page.getByRole("grid", { name: "Finding groups" }).waitFor();
      const csrf = { "x-cordon-csrf": "1", origin: world.node.origin };
      assert.ok((await page.context().request.post("/api/v1/sign-out", { headers: csrf })).ok());
      await page.keyboard.press("j");
      await page.getByText("Your session has ended").waitFor();
      await visit.signIn(page, "analyst");
      await page.getByRole("grid", { name: "Finding groups" }).waitFor();
      assert.match(page.url(), /\/findings\?level=critical/);
    });

    check("a password stands nowhere after signing in", async (visit) => {
      const page = await visit.as("analyst");
      await page.goto("/");
      await places(page).waitFor();
      const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML]));
      assert.ok(!kept.includes(PASSWORD));
      assert.equal(await page.evaluate(() => document.cookie), "", "scripts do not see the cookie");
    });
  });
}
