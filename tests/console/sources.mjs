/** Sources: who sends, how they are, what was understood of it, and how one more is set up. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./world/browser.mjs";
import { check, eventually, world } from "./world/world.mjs";

/** What issue and guide promise a text for. */
const SENDERS = [/rsyslog/i, /winlogbeat/i, /filebeat/i, /fluent bit/i, /openemr/i, /orthanc/i, /mllp/i, /fhir/i];
const list = (page) => page.getByRole("grid", { name: "Sources" });
const panel = (page) => page.getByRole("complementary", { name: "Source" });

async function open(visit, who = "analyst", path = "/sources") {
  const page = await visit.as(who);
  await page.goto(path);
  await settled(page);
  return page;
}

/** Registers the checks of this chapter. */
export function sources() {
  describe("Sources", () => {
    check("every source stands with its state in a word, its records and when it was heard last", async (visit) => {
      const page = await open(visit);
      const { items } = await world.ask("analyst", "GET", "/api/v1/sources");
      const rows = await list(page).getByRole("row").allTextContents();
      assert.equal(rows.length - 1, items.length);
      for (const source of items) assert.ok(rows.some((row) => row.includes(source.id) && /Heard|Silent|Never|Not all/i.test(row)), `${source.id} in ${rows.join("\n")}`);
    });

    check("a source opens with what was understood of its records and what was odd, behind a handle in the address", async (visit) => {
      const page = await open(visit);
      await list(page).getByRole("row").filter({ hasText: "http/replay" }).click();
      await panel(page).getByRole("heading", { name: "http/replay" }).waitFor();
      await panel(page).getByRole("region", { name: "What was understood" }).getByText(/have a class that rules and searches know/).waitFor();
      await panel(page).getByRole("region", { name: "What was odd" }).waitFor();
      await eventually("the address holds it", () => new URL(page.url()).searchParams.has("source"));
      assert.doesNotMatch(decodeURIComponent(page.url()), /replay/);
      await page.reload();
      await panel(page).getByRole("heading", { name: "http/replay" }).waitFor();
    });

    check("for each of the usual senders there is a text to copy", async (visit) => {
      const page = await open(visit, "analyst", "/sources");
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: world.node.origin });
      await page.getByRole("button", { name: /^Add a source/ }).click();
      const dialog = page.getByRole("dialog", { name: "Add a source" });
      const choice = dialog.getByLabel("What sends");
      const titles = await choice.locator("option").allTextContents();
      for (const sender of SENDERS) assert.ok(titles.some((title) => sender.test(title)), `${sender} is not among ${titles.join(", ")}`);
      for (const title of titles) {
        await choice.selectOption({ label: title });
        const texts = await dialog.locator("pre").allTextContents();
        assert.ok(texts.length > 1 && texts.every((text) => text.trim().length > 10), title);
      }
      const last = dialog.locator("figure").last();
      await last.getByRole("button", { name: /^Copy/ }).click();
      await eventually("it is copied", async () => (await page.evaluate(() => navigator.clipboard.readText())) === (await last.locator("pre").textContent()));
    });

    check("an administrator makes a token that is shown once and opens the intake, and revokes it", async (visit) => {
      const page = await open(visit, "administrator", "/sources?tokens=1");
      const dialog = page.getByRole("dialog", { name: "Tokens of senders" });
      await dialog.getByLabel("Name of the sender").fill("ward-gateway");
      await dialog.getByRole("button", { name: "Make a token" }).click();
      const secret = await dialog.locator("code.secret").textContent();
      const send = async () => (await fetch(`${world.node.intake}/intake/v1/raw`, { method: "POST", headers: { authorization: `Bearer ${secret}` }, body: "" })).status;
      await eventually("the node knows it", async () => ![401, 403].includes(await send()));
      await dialog.getByRole("button", { name: "Done" }).click();
      assert.ok(!(await page.content()).includes(secret), "it is shown once");
      const row = dialog.getByRole("listitem").filter({ hasText: "ward-gateway" });
      await row.getByRole("button", { name: /^Revoke/ }).click();
      await dialog.getByRole("button", { name: "Revoke it now" }).click();
      await eventually("the node knows it no more", async () => [401, 403].includes(await send()));
    });

    check("who may not make tokens is told who does", async (visit) => {
      const page = await open(visit, "analyst", "/sources?tokens=1");
      await page.getByRole("dialog").getByText("Administrators make and revoke tokens").waitFor();
      assert.equal(await page.getByRole("button", { name: "Make a token" }).count(), 0);
    });
  });
}
