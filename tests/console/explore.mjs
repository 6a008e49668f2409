/** Explore: asking what is stored, by the short language and by SQL, following what comes, saving, taking out. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe } from "node:test";
import { PEOPLE } from "./world/lakeside.mjs";
import { attack } from "./world/attack.mjs";
import { NARROW, settled } from "./world/browser.mjs";
import { check, eventually, world } from "./world/world.mjs";

const USER = "m.linnet";
const table = (page, name = "Events") => page.getByRole("grid", { name, exact: true });
const line = (page, name = "Filter") => page.getByRole("textbox", { name });
const panel = (page) => page.getByRole("complementary", { name: "Event" });
const address = (page) => new URL(page.url()).searchParams;

async function open(visit, who = "analyst", path = "/explore") {
  const page = await visit.as(who);
  await page.goto(path);
  await settled(page);
  return page;
}

async function write(page, text, name) {
  await line(page, name).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type(text);
}

async function ask(page, text) {
  await write(page, text);
  await page.keyboard.press("Enter");
  await eventually("the question stands in the address", () => address(page).has("q"));
  await settled(page);
}

/** What the node counts. */
async function count(where) {
  const { rows } = await world.ask("analyst", "POST", "/api/v1/events/sql", { sql: `SELECT count(*) AS n FROM events WHERE ${where}`, limit: 1 });
  return rows[0].n;
}

/** Registers the checks of this chapter. */
export function explore() {
  describe("Explore", () => {
    check("a filter is completed while it is written, Enter asks it, and the address holds a handle in place of it", async (visit) => {
      const page = await open(visit, "analyst", "/explore?range=all");
      await write(page, "use");
      await page.getByRole("option", { name: /^user/ }).first().waitFor();
      await ask(page, `user:${USER}`);
      const rows = table(page).getByRole("row");
      await rows.nth(1).waitFor();
      assert.ok((await rows.allTextContents()).slice(1).every((row) => row.includes(USER)));
      const total = Number(/([\d,]+) events?/.exec(await page.getByRole("status").filter({ hasText: /event/ }).first().textContent())[1].replace(",", ""));
      const { items } = await world.ask("analyst", "POST", "/api/v1/events/histogram", { filter: `user:${USER}`, from: "2026-03-17T00:00:00Z", until: "2026-03-20T00:00:00Z", buckets: 10 });
      assert.equal(total, items.reduce((sum, one) => sum + one.count, 0));
      assert.ok(!decodeURIComponent(page.url()).includes(USER));
      await page.reload();
      await settled(page);
      await rows.nth(1).waitFor();
      assert.ok((await line(page).textContent()).includes(USER));
    });

    check("what is wrong with a filter stands under it in a sentence", async (visit) => {
      visit.expect(422, /^\/api\/v1\/events\//);
      const page = await open(visit);
      await write(page, "usr:someone");
      await page.keyboard.press("Enter");
      const fault = page.getByRole("alert");
      await fault.waitFor();
      assert.match(await fault.textContent(), /usr/);
    });

    check("dragging over the histogram chooses a time, the address holds it, and Back takes it back", async (visit) => {
      const page = await open(visit);
      const box = await page.getByRole("img", { name: /^Events over time: / }).locator(".u-over").boundingBox();
      await page.mouse.move(box.x + box.width * 0.4, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 4 });
      await page.mouse.up();
      await eventually("the time stands in the address", () => address(page).has("from") && address(page).has("until"));
      await settled(page);
      const [from, until] = ["from", "until"].map((name) => Date.parse(address(page).get(name)));
      assert.ok(until > from && until - from < 86_400_000);
      await page.goBack();
      assert.equal(address(page).has("from"), false);
    });

    check("a facet narrows the question, and the same once more takes it back", async (visit) => {
      const page = await open(visit);
      const classes = page.getByRole("region", { name: "Class" });
      const first = classes.getByRole("button", { pressed: false }).first();
      const label = (await first.locator(".one-line").textContent()).trim();
      await first.click();
      await settled(page);
      await classes.getByRole("button", { pressed: true }).waitFor();
      assert.ok((await line(page).textContent()).toLowerCase().includes(label.toLowerCase().split(" ")[0]));
      await classes.getByRole("button", { pressed: true }).click();
      await eventually("nothing is asked", async () => (await classes.getByRole("button", { pressed: true }).count()) === 0);
    });

    check("on a telephone the most frequent values stand in a fold, and one of them narrows the question", async (visit) => {
      const page = await visit.as("analyst", { viewport: NARROW, hasTouch: true });
      await page.goto("/explore");
      await settled(page);
      const classes = page.getByRole("region", { name: "Class" });
      assert.equal(await classes.isVisible(), false);
      await page.getByText("Narrow down", { exact: true }).filter({ visible: true }).tap();
      await classes.getByRole("button", { pressed: false }).first().tap();
      await settled(page);
      await classes.getByRole("button", { pressed: true }).waitFor();
      assert.ok(address(page).has("q"));
    });

    check("columns are chosen, stand in the address, and the table shows them", async (visit) => {
      const page = await open(visit);
      await page.getByRole("button", { name: "Columns" }).click();
      await page.getByLabel("Find a column").fill("severity");
      await page.getByRole("checkbox", { name: "Severity", exact: true }).first().check();
      await page.keyboard.press("Escape");
      await table(page).getByRole("columnheader", { name: "Severity" }).waitFor();
      assert.match(address(page).get("cols"), /severity/);
    });

    check("an event opens with what it says and its own bytes, j and k move, and a link leads to it", async (visit) => {
      const page = await open(visit);
      await ask(page, `user:${USER}`);
      await page.keyboard.press("Escape");
      await page.locator("main").focus();
      await page.keyboard.press("Enter");
      await panel(page).getByLabel("Original record").last().waitFor();
      const first = address(page).get("event");
      await page.keyboard.press("j");
      await eventually("the next event", () => address(page).get("event") !== first);
      await page.keyboard.press("k");
      await eventually("the event before", () => address(page).get("event") === first);
      const other = await visit.as("responder");
      await other.goto(`/explore?event=${first}`);
      await panel(other).getByRole("heading", { level: 2 }).waitFor();
      await panel(other).getByText(USER).first().waitFor();
    });

    check("SQL is asked and answered, what is wrong with it is said, and nothing of it stands in the address", async (visit) => {
      visit.expect(422, /^\/api\/v1\/events\//);
      const page = await open(visit);
      await page.getByRole("button", { name: "SQL", exact: true }).click();
      await write(page, `select actor_user_name, count(*) as n from events where actor_user_name = '${USER}' group by 1`, "Question in SQL");
      await page.keyboard.press("Control+Enter");
      const rows = table(page, "Rows").getByRole("row");
      await rows.nth(1).waitFor();
      assert.deepEqual([(await rows.count()) - 1, (await rows.nth(1).textContent()).includes(String(await count(`actor_user_name = '${USER}'`)))], [1, true]);
      assert.doesNotMatch(decodeURIComponent(page.url()), /select|linnet/i);
      await write(page, "select nothing_of_the_kind from events", "Question in SQL");
      await page.keyboard.press("Control+Enter");
      await page.getByRole("alert").getByText(/nothing_of_the_kind/).waitFor();
    });

    check("events show as they come, are held and go on", async (visit) => {
      const page = await open(visit);
      await page.getByRole("button", { name: "Live", exact: true }).click();
      const says = page.getByRole("status").filter({ hasText: /Following|Held|Waiting/ });
      await says.getByText("Following events as they come").or(says.filter({ hasText: "Following" })).first().waitFor();
      await attack("n.live1");
      const coming = table(page, "Events as they come");
      await coming.getByText("n.live1").first().waitFor();
      await page.getByRole("button", { name: /^Hold/ }).click();
      await attack("n.live2");
      await page.getByText(/Held: \d+ events? came since/).waitFor();
      await eventually("what came is counted", async () => !(await page.getByText("Held: 0 events").isVisible()));
      assert.equal(await coming.getByText("n.live2").count(), 0);
      await page.getByRole("button", { name: /^Go on/ }).click();
      await coming.getByText("n.live2").first().waitFor();
    });

    check("a search is saved and shared, and somebody else opens it", async (visit) => {
      const page = await open(visit);
      await ask(page, "action:export");
      await page.getByRole("button", { name: "Saved searches …" }).click();
      const dialog = page.getByRole("dialog", { name: "Saved searches" });
      await dialog.getByLabel("Save what is written now as").fill("Exports of the week");
      await dialog.getByLabel("Share it with everybody").check();
      await dialog.getByRole("button", { name: "Save", exact: true }).click();
      await dialog.getByText("Exports of the week").waitFor();
      const other = await open(visit, "responder");
      await other.getByRole("button", { name: "Saved searches …" }).click();
      await other.getByRole("dialog").getByRole("button", { name: /Exports of the week/ }).click();
      await eventually("it is asked", async () => (await line(other).textContent()).includes("action:export"));
    });

    check("an export warns, asks what for, is one entry of the audit log, and holds what was asked", async (visit) => {
      const page = await visit.as("analyst");
      // the picker of files is the browser's own; without it the file is saved as others are
      await page.addInitScript(() => delete window.showSaveFilePicker);
      await page.goto("/explore");
      await settled(page);
      await ask(page, `user:${USER}`);
      await page.getByRole("button", { name: "Export …" }).click();
      const dialog = page.getByRole("dialog", { name: "Export events" });
      await dialog.getByText("leaves Cordon's protection").waitFor();
      await dialog.getByText("patient references").waitFor();
      const before = await exports();
      await dialog.getByLabel("What for").selectOption("privacy_investigation");
      await dialog.getByLabel("As").selectOption("ndjson");
      const [download] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name: "Export", exact: true }).click()]);
      assert.match(download.suggestedFilename(), /^cordon-events-[\d-]+\.ndjson$/);
      const rows = readFileSync(await download.path(), "utf8").trim().split("\n").map((row) => JSON.parse(row));
      assert.ok(rows.length > 0 && rows.every((row) => JSON.stringify(row).includes(USER)));
      await page.getByText(/^Exported .*audit log/).waitFor();
      const after = await exports();
      assert.equal(after.length, before.length + 1);
      assert.deepEqual([after[0].actor.includes(PEOPLE.analyst.name), after[0].purpose], [true, "privacy_investigation"]);
    });

    check("who may not export is not offered it", async (visit) => {
      const page = await open(visit, "responder");
      await page.getByRole("button", { name: "Saved searches …" }).waitFor();
      assert.equal(await page.getByRole("button", { name: /^Export/ }).count(), 0);
    });
  });
}

async function exports() {
  const { items } = await world.ask("auditor", "GET", "/api/v1/audit?limit=200");
  return items.filter((row) => /export/.test(row.action));
}
