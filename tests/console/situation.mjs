/** Situation: how things are now. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { check, eventually, world } from "./world/world.mjs";

const LEVELS = { critical: "Critical", high: "High", medium: "Medium" };
const LAST_VISIT = "2026-03-18T20:00:00Z";

async function open(visit, who = "analyst", address = "/") {
  const page = await visit.as(who);
  await page.goto(address);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
}

/** Registers the checks of this chapter. */
export function situation() {
  describe("Situation", () => {
    check("one sentence on top counts what is open and worst, and says whether every source is heard", async (visit) => {
      const page = await open(visit);
      const { items } = await world.ask("analyst", "GET", "/api/v1/finding-groups/counts");
      const open_ = (level) => items.filter((one) => one.state === "open" && one.level === level).reduce((sum, one) => sum + one.count, 0);
      const sentence = await page.getByRole("heading", { level: 1 }).textContent();
      assert.ok(sentence.startsWith(`${open_("critical")} critical findings and ${open_("high")} high findings are open and nobody has taken them.`), sentence);
      assert.match(sentence, /(All \d+|Both) sources are heard/);
      await page.getByText("Act now").waitFor();
    });

    check("what is going on stands first, the worst first: whom it is about, where it began and the worst of it, each opening with its explanation", async (visit) => {
      const page = await open(visit);
      const listed = page.getByRole("region", { name: "What matters now" }).locator("ul > li");
      await listed.first().waitFor();
      const { items } = await world.ask("analyst", "GET", "/api/v1/finding-groups/stories");
      const texts = await listed.allTextContents();
      assert.ok(texts.length > 2);
      texts.forEach((text, place) => {
        const { began, worst, entities } = items[place];
        const parts = [began.title, worst.title, entities[0].name, LEVELS[worst.level]];
        parts.forEach((part) => assert.ok(text.includes(part), `${text} is without ${part}`));
      });
      await listed.first().getByRole("link", { name: items[0].worst.title }).click();
      await page.getByRole("complementary", { name: "Finding" }).getByRole("heading", { name: items[0].worst.title, exact: true }).waitFor();
    });

    check("the odd access to records and the beginning of the intrusion stand on the first page", async (visit) => {
      const page = await open(visit);
      const story = (who) => page.getByRole("region", { name: "What matters now" }).locator("ul > li").filter({ has: page.getByText(who, { exact: true }) });
      await story("m.linnet").getByText(/Break-Glass/).first().waitFor();
      await story("vendor.calder").getByText(/Began.*VPN.*Refused Logins/).first().waitFor();
      await story("adm.okafor").getByText(/Critical/).first().waitFor();
    });

    check("where it may have begun is told: the earliest of what is going on and nobody has taken", async (visit) => {
      const page = await open(visit);
      const { items } = await world.ask("analyst", "GET", "/api/v1/finding-groups/stories");
      const bad = items.filter(({ worst }) => worst.state === "open" && ["critical", "high"].includes(worst.level)).map(({ began }) => began);
      const earliest = bad.reduce((first, one) => (first.first <= one.first ? first : one));
      await page.getByText(/^The earliest of them, /).getByRole("link", { name: earliest.title }).click();
      await page.getByRole("complementary", { name: "Finding" }).getByRole("heading", { name: earliest.title, exact: true }).waitFor();
    });

    check("users, hosts and devices most at risk stand with their score, the highest first", async (visit) => {
      const page = await open(visit);
      const risks = page.getByRole("region", { name: "Most at risk" }).getByRole("listitem");
      await risks.first().waitFor();
      const scores = (await risks.allTextContents()).map((text) => Number(/([\d.]+)$/.exec(text.trim())[1]));
      assert.ok(scores.length > 3);
      assert.deepEqual(scores, [...scores].sort((one, other) => other - one));
    });

    check("findings over time are a picture that is also said in words", async (visit) => {
      const page = await open(visit);
      await page.getByRole("img", { name: /^Findings by the time of their receipt: \d+ from / }).waitFor();
    });

    check("what is new since the last visit is counted and listed", async (visit) => {
      const page = await visit.as("analyst");
      await page.addInitScript((seen) => localStorage.setItem("last-visit", JSON.stringify({ before: null, seen })), LAST_VISIT);
      await page.goto("/");
      const says = page.getByText(/finding groups? with something new since your last visit/);
      await says.waitFor();
      const said = Number(/(\d+) finding group/.exec(await says.textContent())[1]);
      const { items } = await world.ask("analyst", "GET", `/api/v1/finding-groups?limit=200&order=latest&from=${LAST_VISIT}`);
      assert.equal(said, items.length);
      await page.getByRole("link", { name: "See what is new" }).click();
      await page.getByRole("grid", { name: "Finding groups" }).waitFor();
      assert.match(page.url(), /\/findings\?order=latest&from=2026-03-18T20/);
    });

    check("in plain words there is one state, what to do next, the first finding, and what is wrong in sentences; the address holds it", async (visit) => {
      const page = await open(visit);
      await page.getByLabel("Plain words").check();
      await page.getByRole("heading", { name: "What to do next" }).waitFor();
      await page.getByText("Act now").waitFor();
      assert.equal(new URL(page.url()).search, "?plain=1");
      const linnet = page.getByRole("listitem").filter({ hasText: "m.linnet" });
      await linnet.getByText(/^Break-glass was passed with a filler for a reason/).waitFor();
      await linnet.getByRole("link", { name: "Why Cordon says so" }).waitFor();
      await page.reload();
      await page.getByRole("link", { name: /^Open the first: / }).click();
      await page.getByRole("complementary", { name: "Finding" }).waitFor();
      await page.goBack();
      await page.getByRole("heading", { name: "What to do next" }).waitFor();
      await page.goBack();
      await eventually("the detailed page is back", () => page.getByRole("region", { name: "What matters now" }).isVisible());
    });
  });
}
