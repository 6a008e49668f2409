/** What learns: the detectors, how many alerts a week are asked of them, and what is normal for whom. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./world/browser.mjs";
import { check, eventually, world } from "./world/world.mjs";

const asked = (models) => Math.round(models.items.reduce((sum, model) => sum + model.asked_per_week, 0));
const known = () => world.ask("analyst", "GET", "/api/v1/models");

async function pageOf(visit, role, kind, name) {
  const page = await visit.as(role);
  const { handle } = await world.ask(role, "POST", "/api/v1/handles", { text: JSON.stringify([kind, name]) });
  await page.goto(`/entities/${handle}`);
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await settled(page);
  return page;
}

/** Registers the checks of this chapter. */
export function models() {
  describe("Models", { concurrency: 1 }, () => {
    check("every detector says what it learns and detects, what it knows, and how many alerts it gave beside those asked", async (visit) => {
      const { items } = await known();
      assert.ok(items.length >= 5);
      const page = await visit.as("analyst");
      await page.goto("/models");
      await settled(page);
      for (const model of items) {
        const card = page.getByRole("article").filter({ has: page.getByRole("heading", { name: model.title, exact: true }) });
        const text = await card.textContent();
        for (const part of [model.learns, model.detects, "Asked a week", "Obtained", "Memory", "Drift"]) assert.ok(text.includes(part), `${model.id}: ${part}`);
      }
      await page.getByRole("link", { name: items[0].title, exact: true }).click();
      await page.getByRole("heading", { level: 1, name: items[0].title }).waitFor();
      await page.getByRole("link", { name: "Findings that are open" }).click();
      await page.getByRole("heading", { level: 1, name: "Findings" }).waitFor();
      assert.equal(new URL(page.url()).searchParams.get("rule"), items[0].id);
    });

    check("one slider asks for alerts a week and says what they mean for a team; the node keeps it, and Undo takes it back", async (visit) => {
      const before = asked(await known());
      const page = await visit.as("analyst");
      await page.goto("/models");
      await settled(page);
      const slider = page.getByRole("slider", { name: /Alerts a week/ });
      await slider.focus();
      for (let step = 0; step < 4; step += 1) await page.keyboard.press("ArrowRight");
      const more = Number((await slider.getAttribute("aria-valuetext")).replace(/\D/g, ""));
      assert.ok(more > before);
      await page.getByText(/of reading a week when each takes a quarter of an hour/).waitFor();
      await page.getByRole("button", { name: `Ask for ${more} a week` }).click();
      await eventually("the node asks for more", async () => asked(await known()) === more);
      await page.getByRole("button", { name: "Undo" }).click();
      await eventually("the node asks as before", async () => asked(await known()) === before);
    });

    check("who may not change how much is asked sees the number, and who may", async (visit) => {
      const page = await visit.as("privacy_officer");
      await page.goto("/models");
      await settled(page);
      assert.ok(await page.getByRole("slider").isDisabled());
      await page.getByText("An analyst or an administrator can change this.").waitFor();
    });

    check("a verdict on a finding of a detector stands on its page with who gave it and what it does, and is taken back and put back there", async (visit) => {
      // after one day of history no detector has found anything: the node's answer is played, its own is tested in crates/api/tests/api/taught.rs
      const model = (await known()).items[0].id;
      const kept = { group: "0".repeat(32), model, title: "Sign-in unlike the account", level: "medium", entity: { kind: "host", name: "WS7" }, verdict: "benign", by: "haas", given: "2026-03-18T19:00:00Z", standing: "counts", entity_nats: -0.69, house_nats: -0.05, until: "2026-09-14T19:00:00Z", taken_back_by: null, taken_back: null };
      const taken = { ...kept, standing: "taken_back", until: null, taken_back_by: "ruiz", taken_back: "2026-03-18T20:00:00Z" };
      let now = kept;
      const page = await visit.as("analyst");
      await page.route("**/api/v1/models/verdicts**", async (route) => {
        if (route.request().method() === "PUT") {
          now = route.request().postDataJSON().teaches ? kept : taken;
          return route.fulfill({ json: now });
        }
        return route.fulfill({ json: { items: [now], next: null } });
      });
      await page.goto(`/models/${model}`);
      const card = page.getByRole("region", { name: "What analysts taught it" });
      await card.getByText(/haas, .* it takes 0\.69 nats off its scores, takes 0\.05 nats off everybody's, until 2026-09-14/).waitFor();
      await settled(page);
      await card.getByRole("button", { name: "Take back: WS7" }).click();
      await card.getByText(/taken back by ruiz/).waitFor();
      await card.getByRole("button", { name: "Let it count again: WS7" }).click();
      await card.getByText(/takes 0\.69 nats off its scores/).waitFor();
    });

    check("a privacy officer has what was learnt of a device forgotten, and an analyst is not offered to", async (visit) => {
      const analyst = await visit.as("analyst");
      await analyst.goto("/models");
      await settled(analyst);
      assert.equal(await analyst.getByRole("button", { name: "Forget somebody …" }).count(), 0);
      const officer = await visit.as("privacy_officer");
      await officer.goto("/models");
      await settled(officer);
      await officer.getByRole("button", { name: "Forget somebody …" }).click();
      await officer.getByLabel("What it is").selectOption("device");
      await officer.getByLabel("Name").fill("NO-SUCH-PUMP");
      await officer.getByLabel("Why").fill("given back to the maker");
      await officer.getByRole("button", { name: "Forget it" }).click();
      await officer.getByText("Nothing was learnt of it.").waitFor();
    });

    check("the page of a machine shows what is normal for it and what it does now, in a picture and a sentence", async (visit) => {
      const { items } = await world.ask("analyst", "GET", "/api/v1/entities?limit=200");
      const host = items.find((one) => one.entity.kind === "host").entity.name;
      const learnt = await world.ask("analyst", "POST", "/api/v1/entities/behaviour", { kind: "host", name: host });
      const page = await pageOf(visit, "analyst", "host", host);
      const card = page.getByRole("region", { name: "Normal and now" });
      if (learnt.features.length === 0) await card.getByText("Nothing was learnt of this host yet.").waitFor();
      else await card.getByText(learnt.features[0].words, { exact: true }).waitFor();
    });

    check("how people who work here behave is for privacy officers: an analyst is told so and sees nothing of it", async (visit) => {
      const analyst = await pageOf(visit, "analyst", "user", "m.linnet");
      await analyst.getByRole("region", { name: "Normal and now" }).getByText("How people who work here behave is for privacy officers.").waitFor();
      const officer = await pageOf(visit, "privacy_officer", "user", "m.linnet");
      const learnt = await world.ask("privacy_officer", "POST", "/api/v1/entities/behaviour", { kind: "user", name: "m.linnet" });
      assert.ok(learnt.features.length > 0);
      await officer.getByRole("region", { name: "Normal and now" }).getByText(learnt.features[0].words, { exact: true }).waitFor();
    });
  });
}
