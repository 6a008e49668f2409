/** Settings: who may come in, what programs may ask, what is quiet. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { PASSWORD } from "./world/lakeside.mjs";
import { settled } from "./world/browser.mjs";
import { check, eventually, world } from "./world/world.mjs";

const NEW = "p.newcomer";

async function open(visit, part, who = "administrator") {
  const page = await visit.as(who);
  await page.goto(`/settings/${part}`);
  await settled(page);
  return page;
}

/** Registers the checks of this chapter. */
export function settings() {
  describe("Settings", () => {
    check("an administrator invites somebody, who chooses a password by the link, once, and may do what the role may", async (visit) => {
      const page = await open(visit, "users");
      await page.getByRole("button", { name: "Add a user …" }).click();
      const dialog = page.getByRole("dialog", { name: "Add a user" });
      await dialog.getByLabel("Name", { exact: true }).fill(NEW);
      await dialog.getByRole("checkbox", { name: /Responder/ }).check();
      await dialog.getByRole("button", { name: "Add and invite" }).click();
      const invitation = page.getByRole("dialog", { name: /^Invitation for/ });
      await invitation.waitFor();
      const link = /http:\/\/127\.0\.0\.1:\d+\/#invite=[\w-]+/.exec((await invitation.textContent()) + (await invitation.locator("input").evaluateAll((all) => all.map((one) => one.value).join(" "))))[0];
      const other = await visit.page();
      await other.goto(link);
      await other.getByRole("heading", { name: "Welcome to Cordon" }).waitFor();
      assert.doesNotMatch(other.url(), /invite/, "the secret does not stay in the address");
      await other.getByLabel("Password").fill(PASSWORD);
      await other.getByRole("button", { name: "Create and sign in" }).click();
      await other.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Findings" }).waitFor();
      visit.expect(401, /invitations\/accept$/);
      visit.expect(404, /invitations\/accept$/);
      visit.expect(422, /invitations\/accept$/);
      const third = await visit.page();
      await third.goto(link);
      await third.getByLabel("Password").fill(PASSWORD);
      await third.getByRole("button", { name: "Create and sign in" }).click();
      await third.getByRole("alert").waitFor();
    });

    check("a lock ends the sessions of whoever is locked", async (visit) => {
      visit.expect(401, /^\/api\//);
      const locked = await visit.page();
      await locked.goto("/findings");
      await locked.getByLabel("Name").fill(NEW);
      await locked.getByLabel("Password").fill(PASSWORD);
      await locked.getByRole("button", { name: "Sign in", exact: true }).click();
      await locked.getByRole("grid", { name: "Finding groups" }).waitFor();
      const page = await open(visit, "users");
      await page.getByRole("grid", { name: "Users" }).getByRole("row").filter({ hasText: NEW }).click();
      await page.getByRole("complementary", { name: "User" }).getByRole("button", { name: "Lock …" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Lock", exact: true }).click();
      await page.getByRole("complementary", { name: "User" }).getByRole("button", { name: "Unlock" }).waitFor();
      await locked.keyboard.press("Enter");
      await locked.getByText("Your session has ended").waitFor();
    });

    check("a token for a program is shown once, does what its role may, and nothing after it is revoked", async (visit) => {
      const page = await open(visit, "tokens");
      await page.getByRole("button", { name: "Make a token …" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel(/Name|What for/).first().fill("nightly-report");
      await dialog.getByRole("checkbox", { name: /Auditor/ }).first().check();
      await dialog.locator('button[type="submit"]').click();
      const made = page.getByRole("dialog", { name: /nightly-report/ });
      await made.waitFor();
      const secret = /[A-Za-z0-9_-]{40,}/.exec((await made.textContent()) + (await made.locator("input").evaluateAll((all) => all.map((one) => one.value).join(" "))))[0];
      const ask = async (path) => (await fetch(world.node.origin + path, { headers: { authorization: `Bearer ${secret}` } })).status;
      assert.deepEqual([await ask("/api/v1/audit?limit=1"), await ask("/api/v1/events/fields")], [200, 403]);
      await made.getByRole("button", { name: "I have it" }).click();
      assert.ok(!(await page.content()).includes(secret));
      await page.getByRole("grid", { name: "Tokens" }).getByRole("row").filter({ hasText: "nightly-report" }).click();
      await page.getByRole("complementary", { name: "Token" }).getByRole("button", { name: "Revoke …" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
      await eventually("it opens nothing", async () => (await ask("/api/v1/audit?limit=1")) === 401);
    });

    check("a suppression stands with its reason and end, and is ended by hand", async (visit) => {
      const reason = "Vendor works on the archive";
      const { now } = await world.ask("analyst", "GET", "/api/v1/health");
      const ends = new Date(Date.parse(now) + 86_400_000).toISOString();
      await world.ask("analyst", "POST", "/api/v1/mutes", { kind: "suppression", reason, rule: "d45dd216-250b-4917-89ae-d888df378347", site: "lakeside", ends });
      const page = await open(visit, "suppressions", "analyst");
      const row = page.getByRole("grid", { name: "Suppressions" }).getByRole("row").filter({ hasText: reason });
      await row.click();
      const panel = page.getByRole("complementary", { name: "Suppression" });
      await panel.getByText(reason).waitFor();
      await panel.getByRole("button", { name: "End it now …" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "End it now" }).click();
      await eventually("it is over", async () => !(await world.ask("analyst", "GET", "/api/v1/mutes")).items.some((one) => one.reason === reason));
      await row.waitFor({ state: "detached" });
    });

    check("the node says how much room there is and how long it lasts, what it is made of and under which licences", async (visit) => {
      const page = await open(visit, "retention");
      await page.getByRole("meter", { name: "Part of the budget that is taken" }).waitFor();
      const { budget, kept } = await world.ask("analyst", "GET", "/api/v1/disk");
      assert.ok(budget > 0 && kept.some((one) => one.class === "evidence" && one.bytes > 0));
      await page.getByRole("cell", { name: "Original records" }).waitFor();
      await page.getByText(/% of the budget is taken\. (At the present pace|How many days are left cannot be said yet)/).waitFor();
      await page.goto("/settings/about");
      await settled(page);
      await page.getByText(/Apache/).first().waitFor();
      await page.goto("/settings/backup");
      await settled(page);
      await page.getByText(/cordon backup|backup/i).first().waitFor();
    });

    check("nobody is shown a form for what the role may not do", async (visit) => {
      const page = await open(visit, "users", "auditor");
      await page.getByRole("grid", { name: "Users" }).getByRole("row").nth(1).waitFor();
      assert.equal(await page.getByRole("button", { name: "Add a user …" }).count(), 0);
      await page.getByRole("grid", { name: "Users" }).getByRole("row").nth(1).click();
      await page.getByRole("complementary", { name: "User" }).waitFor();
      assert.equal(await page.getByRole("complementary", { name: "User" }).getByRole("button", { name: /Lock|invitation|Save/ }).count(), 0);
    });
  });
}
