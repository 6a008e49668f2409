/** A node where staff have pseudonyms: an analyst sees nobody's name, asks for one, and sees that one when a second person of another role has agreed. */

import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { settled } from "./world/browser.mjs";
import { evening, invited } from "./world/lakeside.mjs";
import { accessible } from "./world/looks.mjs";
import { Node } from "./world/node.mjs";
import { check, eventually, world } from "./world/world.mjs";

/** Whose name is asked for: the nurse of Lakeside, who opens records of people she does not care for. */
const NURSE = "m.linnet";
const REASON = "opens records at night, ticket 12";

/** Registers the checks of this chapter. */
export function staff() {
  describe("Staff under pseudonyms", () => {
    const node = new Node(["access.staff_pseudonyms=true", "access.officers_see_names=true"]);
    let tokens;
    let group;
    let there;

    before(async () => {
      tokens = await invited(node);
      await evening(node, tokens);
      there = world.browser.at(node.origin);
      const { items } = await node.ask(tokens.privacy_officer, "GET", "/api/v1/finding-groups?limit=200");
      group = items.find((one) => one.entity.name === NURSE).id;
    });
    after(async () => {
      await node.stop();
      node.remove();
    });

    check("an analyst sees a pseudonym in a finding, asks to unlock it with a reason, and sees the name when a privacy officer has agreed", async (visit) => {
      visit.expect(403, /\/record$/);
      const analyst = await visit.page({ storageState: await there.state("analyst") }, there);
      await analyst.goto(`/findings?group=${group}`);
      await settled(analyst);
      const panel = analyst.getByRole("complementary", { name: "Finding" });
      await panel.getByRole("button", { name: "Ask to unlock …" }).waitFor();
      assert.ok(!(await analyst.content()).includes(NURSE), "the name is nowhere on the page");
      await panel.getByRole("button", { name: "Ask to unlock …" }).click();
      const asks = analyst.getByRole("dialog", { name: "Ask to unlock a name" });
      await asks.getByLabel("Why").fill(REASON);
      await accessible(analyst, "asking to unlock a name");
      await asks.getByRole("button", { name: "Ask", exact: true }).click();
      await panel.getByText(/A second person of another role has to agree/).waitFor();
      await analyst.goto("/settings/unlocks");
      await analyst.getByText(REASON).waitFor();
      assert.equal(await analyst.getByRole("button", { name: "Agree …" }).count(), 0, "whoever asked does not agree");

      const officer = await visit.page({ storageState: await there.state("privacy_officer") }, there);
      await officer.goto("/settings/unlocks");
      await officer.getByText(REASON).waitFor();
      await accessible(officer, "unlocks");
      await officer.getByRole("button", { name: "Agree …" }).click();
      await officer.getByRole("dialog").getByRole("button", { name: "Agree", exact: true }).click();
      await officer.getByText("in force").waitFor();

      await eventually("the name is unlocked", async () => (await node.ask(tokens.analyst, "GET", `/api/v1/finding-groups/${group}`)).entity.name === NURSE);
      await analyst.goto(`/findings?group=${group}`);
      await settled(analyst);
      await panel.getByText(NURSE).first().waitFor();

      await officer.getByRole("button", { name: "End …" }).click();
      await officer.getByRole("dialog").getByRole("button", { name: "End", exact: true }).click();
      await officer.getByRole("heading", { name: "No name is unlocked, and none is asked for" }).waitFor();
      await analyst.reload();
      await settled(analyst);
      await panel.getByRole("button", { name: "Ask to unlock …" }).waitFor();
      assert.ok(!(await analyst.content()).includes(NURSE), "the name is hidden again");
    });
  });
}
