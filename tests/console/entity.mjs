/** The page of a user, host, device or patient reference. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { settled } from "./world/browser.mjs";
import { check, eventually, world } from "./world/world.mjs";

/** Opens the page of whoever bears the highest risk, from the situation. */
async function open(visit) {
  const page = await visit.as("analyst");
  await page.goto("/");
  const first = page.getByRole("region", { name: "Most at risk" }).getByRole("listitem").first();
  const name = (await first.locator(".entity .one-line").textContent()).trim();
  await first.getByRole("button").click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await settled(page);
  return { page, name };
}

/** Registers the checks of this chapter. */
export function entity() {
  describe("The page of an entity", () => {
    check("whoever bears a risk has a page whose address and title do not name it, and a reload shows the same", async (visit) => {
      const { page, name } = await open(visit);
      assert.match(new URL(page.url()).pathname, /^\/entities\/[\w-]+$/);
      assert.ok(!decodeURIComponent(page.url()).includes(name) && !(await page.title()).includes(name));
      await page.reload();
      await page.getByRole("heading", { level: 1, name }).waitFor();
      await page.goBack();
      await page.getByRole("region", { name: "Most at risk" }).waitFor();
    });

    check("risk, findings and a timeline in lanes stand there, the lanes also as a table", async (visit) => {
      const { page, name } = await open(visit);
      const { items } = await world.ask("analyst", "GET", "/api/v1/entities?limit=1");
      await page.getByText(items[0].score.toFixed(1)).first().waitFor();
      const groups = await world.ask("analyst", "POST", "/api/v1/finding-groups/search", { entity: { kind: items[0].entity.kind, name }, limit: 5 });
      await page.getByText(groups.items[0].title).first().waitFor();
      await page.getByRole("button", { name: "As a table" }).click();
      await page.getByRole("table").getByRole("row").nth(1).waitFor();
      assert.equal(new URL(page.url()).searchParams.get("table"), "1");
      const lanes = await page.getByRole("table").getByRole("columnheader").allTextContents();
      assert.ok(lanes.length >= 3, lanes.join(", "));
    });

    check("a finding about it leads there and back", async (visit) => {
      const { items } = await world.ask("analyst", "GET", "/api/v1/finding-groups?limit=200");
      const group = items.find((one) => one.entity.name === "m.linnet");
      const page = await visit.as("analyst");
      await page.goto(`/findings?group=${group.id}`);
      await page.getByRole("complementary", { name: "Finding" }).getByRole("button", { name: /m\.linnet/ }).first().click();
      await page.getByRole("heading", { level: 1, name: "m.linnet" }).waitFor();
      await page.goBack();
      await page.getByRole("complementary", { name: "Finding" }).waitFor();
    });

    check("an address that opens nothing says so and leads on", async (visit) => {
      visit.expect(404, /handles\/open$/);
      const page = await visit.as("analyst");
      await page.goto("/entities/AAAAAAAAAAAAAAAAAAAAAAAA");
      await page.getByRole("heading", { name: "This address opens nothing" }).waitFor();
      await page.getByRole("link", { name: "Go to Situation" }).click();
      await eventually("the situation", () => new URL(page.url()).pathname === "/");
    });

    check("an address of no page says so and leads on", async (visit) => {
      visit.expect(404, /^\/nowhere$/);
      const page = await visit.as("analyst");
      await page.goto("/nowhere");
      await page.getByRole("heading", { name: "There is no such page" }).waitFor();
      await page.getByRole("link", { name: "Go to Situation" }).click();
      await eventually("the situation", () => new URL(page.url()).pathname === "/");
    });

    check("an address of no part of a place says so and leads on", async (visit) => {
      visit.expect(404, /^\/api\/v1\/rules\//);
      const page = await visit.as("analyst");
      await page.goto("/settings/nothing-like-it");
      await page.getByRole("heading", { name: "There is no such part of the settings" }).waitFor();
      await page.getByRole("link", { name: "Go to your account" }).click();
      await page.getByRole("heading", { level: 1, name: "Account" }).waitFor();
      await page.goto("/rules/00000000-0000-0000-0000-000000000000");
      await page.getByRole("heading", { name: "No such rule" }).waitFor();
    });
  });
}
