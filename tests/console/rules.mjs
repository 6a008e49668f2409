/** Rules: what is looked for, what could never fire, and trying a change on what is stored. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./world/browser.mjs";
import { check, eventually, world } from "./world/world.mjs";

const TITLE = "Shadow Copies Or Recovery Of Windows Deleted";
const list = (page) => page.getByRole("grid", { name: "Rules" });

async function rule() {
  const { items } = await world.ask("analyst", "GET", "/api/v1/rules");
  return items.find((one) => one.title === TITLE);
}

async function open(visit, path = "/rules", who = "analyst") {
  const page = await visit.as(who);
  await page.goto(path);
  await settled(page);
  return page;
}

/** Registers the checks of this chapter. */
export function rules() {
  describe("Rules", () => {
    check("all rules are listed and found by a word of their title, author, tag or log source", async (visit) => {
      const page = await open(visit);
      const { items } = await world.ask("analyst", "GET", "/api/v1/rules");
      assert.equal(Number(await list(page).getAttribute("aria-rowcount")), items.length);
      await page.keyboard.press("/");
      await page.keyboard.type("shadow copies");
      await page.keyboard.press("Enter");
      await list(page).getByText(TITLE).waitFor();
      await eventually("fewer are listed", async () => Number(await list(page).getAttribute("aria-rowcount")) < items.length);
    });

    check("a rule's page shows author, licence, technique, notes on what is harmless, its text and what it found", async (visit) => {
      const { id, author, license } = await rule();
      const page = await open(visit, `/rules/${id}`);
      await page.getByRole("heading", { level: 1, name: TITLE }).waitFor();
      const facts = await page.getByRole("region", { name: "Facts" }).textContent();
      [author, license].forEach((text) => assert.ok(facts.includes(text), `${facts} does not say ${text}`));
      await page.getByRole("region", { name: "Tags" }).getByText(/^T\d{4}/).first().waitFor();
      assert.match(await page.locator('pre[aria-label="Text of the rule"]').textContent(), /detection:/);
      await page.getByRole("region", { name: "Findings over time" }).getByRole("link", { name: /adm\.okafor/ }).first().click();
      await page.getByRole("complementary", { name: "Finding" }).getByRole("heading", { name: TITLE }).waitFor();
    });

    check("coverage says by technique and by log source what could never fire", async (visit) => {
      const page = await open(visit, "/rules?view=coverage");
      await page.getByRole("status").filter({ hasText: /could never fire|could fire/ }).waitFor();
      const technique = page.getByRole("button", { name: /T1490/ }).first();
      await technique.click();
      await page.getByRole("complementary", { name: "Technique" }).getByRole("link", { name: TITLE }).waitFor();
      assert.equal(new URL(page.url()).searchParams.get("technique"), "T1490");
      await page.getByLabel("Coverage by").selectOption("source");
      await page.getByRole("table").getByRole("row").nth(1).waitFor();
      assert.ok((await page.getByRole("table").getByRole("row").allTextContents()).some((row) => /Nothing|never|not/i.test(row)));
    });

    check("a copy of a rule is tested against stored events, and the rule stays as it is", async (visit) => {
      const { id, is_enabled: was } = await rule();
      const page = await open(visit, `/rules/${id}?test=1`);
      const card = page.getByRole("region", { name: "Test of a copy" });
      await card.getByRole("button", { name: "Test", exact: true }).click();
      await page.getByText("done", { exact: true }).waitFor();
      await page.getByText(/among [\d,]+ events/).waitFor();
      await page.getByRole("button", { name: /^Open the/ }).first().waitFor();
      assert.equal((await rule()).is_enabled, was);
    });

    check("a rule is run back over history, and how far that is is shown", async (visit) => {
      const { id } = await rule();
      const page = await open(visit, `/rules/${id}`);
      await page.getByRole("button", { name: /^Run back over history/ }).click();
      await page.getByRole("dialog").getByLabel("How far back").selectOption({ label: "Everything that is stored" });
      await page.getByRole("dialog").getByRole("button", { name: "Run it" }).click();
      await page.getByText("done", { exact: true }).waitFor();
      await page.getByText(/\d+ that were known already/).waitFor();
      const job = new URL(page.url()).searchParams.get("job");
      await page.reload();
      await page.getByText(/\d+ that were known already/).waitFor();
      assert.ok(job);
    });

    check("switching a rule off is asked for, is in the audit log, and is taken back", async (visit) => {
      const { id } = await rule();
      const page = await open(visit, `/rules/${id}`);
      await page.getByRole("button", { name: /^Switch off/ }).click();
      await page.getByRole("dialog", { name: "Switch the rule off" }).getByRole("button", { name: "Switch off" }).click();
      await eventually("it is off", async () => !(await rule()).is_enabled);
      const { items } = await world.ask("auditor", "GET", "/api/v1/audit?limit=50");
      assert.ok(items.some((row) => row.target === id));
      await page.getByRole("button", { name: /^Switch on/ }).click();
      await eventually("it is on", async () => (await rule()).is_enabled);
    });

    check("who may not change rules reads them and is offered nothing else", async (visit) => {
      const { id } = await rule();
      const page = await open(visit, `/rules/${id}`, "auditor");
      await page.getByRole("heading", { level: 1, name: TITLE }).waitFor();
      for (const name of [/^Switch/, /^Run back/, /^Test a copy/]) assert.equal(await page.getByRole("button", { name }).count(), 0, String(name));
    });
  });
}
