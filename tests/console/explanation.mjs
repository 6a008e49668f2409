/** Why a finding is there: the sentence, what was matched in the record's own bytes, the rule, what else there is of the same; and what names a patient, for who may see it. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { check, eventually, world } from "./world/world.mjs";

const TITLE = "Break-Glass With A Reason That Says Nothing";
/** Of a rule that one event is enough for. */
const SINGLE = "Command That Dumps The Memory Of LSASS";
const REASON = "Complaint of a neighbour, case 12 of 2026";

const panel = (page) => page.getByRole("complementary", { name: "Finding" });

async function group(title = TITLE) {
  const { items } = await world.ask("analyst", "GET", "/api/v1/finding-groups?limit=200");
  return items.find((one) => one.title === title);
}

async function open(visit, who, title) {
  const page = await visit.as(who);
  const { id } = await group(title);
  await page.goto(`/findings?group=${id}`);
  await panel(page).getByLabel("Original record").waitFor();
  return page;
}

/** Registers the checks of this chapter. */
export function explanation() {
  describe("The explanation of a finding", () => {
    check("a link of somebody else opens the finding: first why in a sentence, then the record, then the rule with author and licence", async (visit) => {
      const page = await open(visit, "analyst", SINGLE);
      const [{ id, entity }, parts] = [await group(SINGLE), await panel(page).locator("section").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")))];
      assert.deepEqual(parts.filter((name) => ["Why", "Record", "Rule"].includes(name)), ["Why", "Record", "Rule"]);
      await panel(page).getByRole("heading", { name: SINGLE }).waitFor();
      const { items } = await world.ask("analyst", "GET", `/api/v1/findings?group=${id}&limit=1`);
      const why = items[0].explanation;
      const said = await panel(page).getByRole("region", { name: "Why" }).textContent();
      assert.ok(said.includes(entity.name));
      why.matched.slice(0, 3).forEach((one) => assert.ok(said.toLowerCase().includes(`${one.field} was “${one.value.slice(0, 70)}`.toLowerCase()), `${said} does not say ${one.field}`));
      const rule = await panel(page).getByRole("region", { name: "Rule" }).textContent();
      [why.rule.title, why.rule.author, why.rule.license].forEach((text) => assert.ok(rule.includes(text), `${rule} does not say ${text}`));
    });

    check("what the rule matched is marked in the original record", async (visit) => {
      const page = await open(visit, "analyst");
      const marked = await panel(page).getByLabel("Original record").locator("mark").allTextContents();
      const { id } = await group();
      const { items } = await world.ask("analyst", "GET", `/api/v1/findings?group=${id}&limit=1`);
      const matched = items[0].explanation.matched.map((one) => one.value.toLowerCase());
      assert.ok(marked.length > 0);
      marked.forEach((text) => assert.ok(matched.includes(text.toLowerCase()), `${text} was not matched`));
    });

    check("an ATT&CK technique of the rule is named", async (visit) => {
      const page = await open(visit, "analyst", SINGLE);
      await panel(page).getByRole("region", { name: "Rule" }).getByText("T1003.001").waitFor();
    });

    check("other findings about the same are listed, one opens, and Back returns", async (visit) => {
      const page = await open(visit, "analyst");
      const [from, related] = [page.url(), panel(page).getByRole("region", { name: "Related" }).getByRole("button")];
      await related.first().waitFor();
      const title = (await related.first().locator(".one-line").textContent()).trim();
      await related.first().click();
      await panel(page).getByRole("heading", { name: title, exact: true }).waitFor();
      await page.goBack();
      await panel(page).getByRole("heading", { name: TITLE }).waitFor();
      assert.equal(page.url(), from);
    });

    check("an analyst sees the patient masked and is offered no more", async (visit) => {
      const page = await open(visit, "analyst");
      const text = await panel(page).textContent();
      assert.doesNotMatch(text, /Ferrin|700100|1969-11-23/i);
      assert.equal(await page.getByRole("button", { name: /names the patient/ }).count(), 0);
    });

    check("a privacy officer is asked what for and why before the patient is shown, and the audit log says so", async (visit) => {
      const page = await open(visit, "privacy_officer");
      const before = (await reveals()).length;
      await page.getByRole("button", { name: "Show what names the patient …" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("What for").selectOption({ label: "Investigating who looked at a record" });
      await dialog.getByLabel("Why").fill("short");
      await dialog.getByRole("button", { name: "Show it" }).click();
      assert.equal((await reveals()).length, before, "a reason of five letters shows nothing");
      await dialog.getByLabel("Why").fill(REASON);
      await dialog.getByRole("button", { name: "Show it" }).click();
      await panel(page).getByText("That you looked is in the audit log").waitFor();
      await eventually("the patient is shown", async () => /Ferrin|700100/i.test(await panel(page).getByLabel("Original record").textContent()));
      const rows = await reveals();
      assert.equal(rows.length, before + 1);
      assert.ok(JSON.stringify(rows[0]).includes(REASON));
      await page.getByRole("button", { name: "Hide it again" }).click();
      assert.doesNotMatch(await panel(page).textContent(), /Ferrin|700100/i);
    });

    check("what was revealed is gone after a reload", async (visit) => {
      const page = await open(visit, "privacy_officer");
      await page.getByRole("button", { name: "Show what names the patient …" }).click();
      await page.getByRole("dialog").getByLabel("Why").fill(REASON);
      await page.getByRole("button", { name: "Show it" }).click();
      await panel(page).getByText("That you looked is in the audit log").waitFor();
      await page.reload();
      await panel(page).getByLabel("Original record").waitFor();
      assert.doesNotMatch(await panel(page).textContent(), /Ferrin|700100/i);
    });
  });
}

async function reveals() {
  const { items } = await world.ask("auditor", "GET", "/api/v1/audit?limit=200");
  return items.filter((row) => /reveal/.test(row.action));
}
