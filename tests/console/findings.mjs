/** Findings, worked through by keyboard alone. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { PEOPLE } from "./world/lakeside.mjs";
import { check, eventually, world } from "./world/world.mjs";

const TABS_MAX = 80;
const DAY_MS = 86_400_000;
const me = PEOPLE.analyst.name;

const list = (page) => page.getByRole("grid", { name: "Finding groups" });
const panel = (page) => page.getByRole("complementary", { name: "Finding" });
const opened = (page) => new URL(page.url()).searchParams.get("group");
const group = (id) => world.ask("analyst", "GET", `/api/v1/finding-groups/${id}`);
const toast = (page, text) => page.getByRole("status").getByText(text).waitFor();

async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
}

/** Moves the focus by Tab until it is on this. */
async function tabTo(page, locator, key = "Tab") {
  for (let count = 0; count < TABS_MAX; count += 1) {
    if (await locator.evaluate((element) => element === document.activeElement).catch(() => false)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`the focus does not come to ${locator}`);
}

/** The list of a level, with its first group open. */
async function begin(visit, level) {
  const page = await visit.as("analyst");
  await page.goto(`/findings?level=${level}`);
  await list(page).getByRole("row").nth(1).waitFor();
  await press(page, "Enter");
  await panel(page).getByRole("heading", { level: 2 }).waitFor();
  return page;
}

/** In the dialog of closing: a verdict, a note, and off. */
async function close(page, verdict, note) {
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  const first = dialog.getByRole("radio").first();
  await tabTo(page, first);
  await press(page, "Space");
  while (!(await dialog.getByRole("radio", { name: verdict }).isChecked())) await press(page, "ArrowDown");
  await press(page, "Tab");
  await page.keyboard.type(note);
  await tabTo(page, dialog.locator('button[type="submit"]'));
  await press(page, "Enter");
  await dialog.waitFor({ state: "detached" });
}

/** Registers the checks of this chapter. */
export function findings() {
  describe("Findings by keyboard alone", () => {
    check("g and a letter go to a place, Enter opens the first finding, j and k move, Escape closes", async (visit) => {
      const page = await visit.as("analyst");
      await page.goto("/");
      await page.getByRole("navigation", { name: "Places" }).waitFor();
      await press(page, "g", "f");
      await list(page).getByRole("row").nth(2).waitFor();
      const { items } = await world.ask("analyst", "GET", "/api/v1/finding-groups?limit=10&order=worst");
      await press(page, "Enter");
      assert.equal(opened(page), items[0].id);
      await press(page, "j", "j");
      assert.equal(opened(page), items[2].id);
      await press(page, "k");
      assert.equal(opened(page), items[1].id);
      await panel(page).getByRole("heading", { name: items[1].title, exact: true }).waitFor();
      await press(page, "Escape");
      await panel(page).waitFor({ state: "detached" });
      await press(page, "g", "s");
      await eventually("the situation", () => new URL(page.url()).pathname === "/");
    });

    check("e takes a finding at once, and Undo in the message gives it back", async (visit) => {
      const page = await begin(visit, "medium");
      const id = opened(page);
      await press(page, "e");
      await toast(page, "Yours now");
      await list(page).getByRole("row", { selected: false }).filter({ hasText: me }).first().waitFor();
      await eventually("the node has it", async () => (await group(id)).owner === me && (await group(id)).state === "acknowledged");
      await tabTo(page, page.getByRole("button", { name: "Undo" }), "Shift+Tab");
      await press(page, "Enter");
      await eventually("the node has it back", async () => (await group(id)).owner === null && (await group(id)).state === "open");
      await eventually("so does the list", async () => (await list(page).getByText(me).count()) === 0);
    });

    check("c closes a finding with a verdict and a note, and o opens it again", async (visit) => {
      const page = await begin(visit, "medium");
      const id = opened(page);
      await press(page, "c");
      await close(page, "It happened and was allowed", "Asked the ward.");
      await toast(page, "Closed");
      await eventually("the node has it", async () => (await group(id)).state === "closed");
      const { verdict, note } = await group(id);
      assert.deepEqual({ verdict, note }, { verdict: "benign", note: "Asked the ward." });
      await panel(page).getByText("It happened and was allowed").waitFor();
      await press(page, "o");
      await eventually("it is open again", async () => (await group(id)).state === "open");
    });

    check("x chooses two findings and c closes both", async (visit) => {
      const page = await begin(visit, "low");
      const first = opened(page);
      await press(page, "x", "j", "x");
      const second = opened(page);
      await page.getByRole("toolbar").getByText("2 groups chosen").waitFor();
      await press(page, "c");
      await close(page, "It did not happen", "Known test of the archive.");
      await toast(page, "Closed: 2 groups");
      await eventually("the node has both", async () => (await Promise.all([first, second].map(group))).every((one) => one.state === "closed" && one.verdict === "false_positive"));
      await page.getByRole("toolbar").waitFor({ state: "detached" });
      await page.goto("/findings?level=low&state=closed");
      await list(page).getByRole("row").nth(2).waitFor();
      await page.goto("/findings?level=low");
      await eventually("what is closed is not listed", async () => (await list(page).getByText("Closed").count()) === 0);
    });

    check("m suppresses a rule about one entity for a day with a reason, and what is suppressed is no longer listed", async (visit) => {
      const page = await begin(visit, "medium");
      const was = await group(opened(page));
      await press(page, "m");
      const dialog = page.getByRole("dialog");
      await dialog.waitFor();
      await tabTo(page, dialog.getByLabel("For how long"));
      await press(page, "ArrowUp");
      await tabTo(page, dialog.getByLabel("Why"));
      await page.keyboard.type("Planned test of the vendor");
      await tabTo(page, dialog.locator('button[type="submit"]'));
      await press(page, "Enter");
      await toast(page, "Suppressed for a day");
      const { items } = await world.ask("analyst", "GET", "/api/v1/mutes");
      const mute = items.find((one) => one.reason === "Planned test of the vendor");
      assert.equal(mute.rule, was.rule);
      assert.equal(mute.entity.name, was.entity.name);
      await eventually("it is listed no more", async () => {
        const rows = await list(page).getByRole("row").allTextContents();
        return rows.length > 1 && !rows.some((row) => row.includes(was.title) && row.includes(was.entity.name));
      });
      const { now } = await world.ask("analyst", "GET", "/api/v1/health");
      assert.ok(Math.abs(Date.parse(mute.ends) - Date.parse(now) - DAY_MS) < DAY_MS / 100, mute.ends);
    });

    check("/ searches titles, the address holds a handle in place of the words, and a reload finds the same", async (visit) => {
      const page = await visit.as("analyst");
      await page.goto("/findings");
      await list(page).getByRole("row").nth(1).waitFor();
      await press(page, "/");
      await page.keyboard.type("break-glass");
      await press(page, "Enter");
      const found = () => eventually("only what is called so", async () => {
        const rows = await list(page).getByRole("row").allTextContents();
        return rows.length > 1 && rows.slice(1).every((row) => /break-glass/i.test(row));
      });
      await found();
      assert.ok(new URL(page.url()).searchParams.get("q"));
      assert.doesNotMatch(page.url(), /break|glass/i);
      await page.reload();
      await found();
      assert.equal(await page.getByLabel("Search titles of findings").inputValue(), "break-glass");
      await page.goBack();
      await eventually("Back shows all", async () => new URL(page.url()).search === "");
    });

    check("? shows every key, and Ctrl K finds a place by its name", async (visit) => {
      const page = await visit.as("analyst");
      await page.goto("/findings");
      await list(page).getByRole("row").nth(1).waitFor();
      await press(page, "?");
      const keys = page.getByRole("dialog", { name: "Keys" });
      for (const does of ["Next finding", "Close with a verdict", "Suppress", "Search", "Go to Situation", "Show all keys"]) await keys.getByText(does, { exact: true }).waitFor();
      await press(page, "Escape");
      await keys.waitFor({ state: "detached" });
      await press(page, "Control+k");
      await page.getByRole("dialog", { name: "Commands" }).waitFor();
      await page.keyboard.type("situation");
      await press(page, "Enter");
      await eventually("the situation", () => new URL(page.url()).pathname === "/");
    });
  });

  describe("Findings", () => {
    check("a facet narrows the list, the address holds it, and Back shows all again", async (visit) => {
      const page = await visit.as("analyst");
      await page.goto("/findings");
      const critical = page.getByRole("region", { name: "Level" }).getByRole("button", { name: /Critical/ });
      await critical.click();
      await eventually("only critical ones", async () => {
        const rows = await list(page).getByRole("row").allTextContents();
        return rows.length > 1 && rows.slice(1).every((row) => row.includes("Critical"));
      });
      assert.equal(new URL(page.url()).searchParams.get("level"), "critical");
      assert.equal(await critical.getAttribute("aria-pressed"), "true");
      await page.goBack();
      await list(page).getByText("High").first().waitFor();
      assert.equal(new URL(page.url()).search, "");
    });

    check("what somebody else changed meanwhile is not overwritten and shows", async (visit) => {
      visit.expect(412, /^\/api\/v1\/finding-groups\//);
      const page = await begin(visit, "high");
      const id = opened(page);
      // between what was read here and what is sent from here
      let isChanged = false;
      await page.route(`**/api/v1/finding-groups/${id}`, async (route) => {
        if (route.request().method() === "PATCH" && !isChanged) {
          isChanged = true;
          await world.node.change(world.tokens.responder, `/api/v1/finding-groups/${id}`, { note: "Called the night shift." });
        }
        await route.continue();
      });
      await press(page, "e");
      await page.getByText("Somebody else changed it meanwhile").waitFor();
      const { owner, note } = await group(id);
      assert.deepEqual({ owner, note }, { owner: null, note: "Called the night shift." });
    });

    check("two changes right after each other are both made", async (visit) => {
      const page = await begin(visit, "high");
      const id = opened(page);
      const { revision, owner } = await group(id);
      await press(page, "e", "e");
      await eventually("both are there", async () => (await group(id)).revision === revision + 2);
      assert.equal((await group(id)).owner, owner);
      assert.equal(await page.locator(".toast.fault").count(), 0);
    });

    check("a filter that fits nothing says so and leads back to all", async (visit) => {
      const page = await visit.as("analyst");
      await page.goto("/findings?level=critical&entity_kind=device");
      await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
      await page.getByRole("button", { name: "Show all that are open" }).click();
      await list(page).getByRole("row").nth(1).waitFor();
    });
  });
}
