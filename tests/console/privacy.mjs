/** Privacy cases: the queue, what a case says and proves, and what people do with it. Lakeside's is that of the nurse who opened the record of her neighbour. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe } from "node:test";
import { settled } from "./world/browser.mjs";
import { PEOPLE } from "./world/lakeside.mjs";
import { accessible } from "./world/looks.mjs";
import { casePage, recordPage } from "./world/places.mjs";
import { check, eventually, world } from "./world/world.mjs";

const OFFICER = "privacy_officer";
/** What no page of a case may say: a reason that is not found may still be there. */
const JUDGING = /without a reason|guilty|suspect|offender|culprit/i;

async function openCase(visit) {
  const page = await visit.as(OFFICER);
  await page.goto(await casePage());
  await settled(page);
  return page;
}

/** The case as the node has it. */
async function now() {
  return world.ask(OFFICER, "GET", `/api/v1/incidents/${(await casePage()).split("/").at(-1)}`);
}

/** Who opened the record of the neighbour, as the node has it. */
async function theRecord() {
  const { timeline } = await now();
  return world.ask(OFFICER, "GET", `/api/v1/privacy/records/${timeline.find((access) => access.patient_ref).patient_ref}`);
}

/** Registers the checks of this chapter. */
export function privacy() {
  describe("Privacy cases", { concurrency: 1 }, () => {
    check("the queue says what the last review came to and lists cases, the strongest signs first", async (visit) => {
      const page = await visit.as(OFFICER);
      await page.goto("/privacy");
      await settled(page);
      await page.getByRole("region", { name: "Last review of accesses" }).getByText(/\d access(es)? in .*; for [\d.]+ % a reason was found in the data\./).waitFor();
      const grid = page.getByRole("grid", { name: "Privacy cases" });
      await grid.getByRole("row", { name: /m\.linnet/ }).waitFor();
      const scores = await grid.locator(".score .soft").allTextContents();
      assert.ok(scores.length >= 1);
      assert.deepEqual(scores, [...scores].sort().reverse());
      assert.doesNotMatch(await page.locator("main").textContent(), JUDGING);
    });

    check("the queue is gone through by keyboard, narrowed by state, and the address holds it", async (visit) => {
      const page = await visit.as(OFFICER);
      await page.goto("/privacy");
      await settled(page);
      await page.getByLabel("State").selectOption("Closed");
      await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
      assert.equal(new URL(page.url()).searchParams.get("state"), "closed");
      await page.goBack();
      await page.getByRole("grid", { name: "Privacy cases" }).getByRole("row").nth(1).waitFor();
      await page.locator("main h1").click();
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "What was seen" }).waitFor();
      assert.match(new URL(page.url()).pathname, /^\/privacy\/[0-9a-f-]{36}$/);
      await page.keyboard.press("u");
      await page.getByRole("heading", { level: 1, name: "Privacy cases" }).waitFor();
    });

    check("a review is started by hand and shows how far it is", async (visit) => {
      const page = await visit.as(OFFICER);
      await page.goto("/privacy");
      await settled(page);
      await page.getByRole("button", { name: "Review now" }).click();
      const work = page.getByRole("region", { name: "Long work" });
      await work.getByText("The sentences above and the list below are those of this review.").waitFor();
      await work.getByRole("button", { name: "Close" }).click();
      await work.waitFor({ state: "detached" });
    });

    check("a case tells in sentences what was seen, each with its proof, and beside it what speaks for the person; an event of the proof opens", async (visit) => {
      const page = await openCase(visit);
      const seen = page.getByRole("region", { name: "What was seen" });
      const spoken = page.getByRole("region", { name: "What speaks for the person" });
      assert.ok((await seen.getByRole("listitem").count()) >= 2);
      const [one, other] = [await seen.boundingBox(), await spoken.boundingBox()];
      assert.ok(Math.abs(one.width - other.width) < 2 && Math.abs(one.y - other.y) < 2, "both weigh the same on the page");
      assert.doesNotMatch(await page.locator("main").textContent(), JUDGING);
      await seen.getByRole("button", { name: "event 1" }).first().click();
      const event = page.getByRole("complementary", { name: "Event" });
      await event.getByRole("heading", { name: "Original record" }).waitFor();
      await page.keyboard.press("Escape");
      await event.waitFor({ state: "detached" });
      assert.equal(new URL(page.url()).search, "");
    });

    check("the parts of a score sum to what is shown, and every access stands with its reason or that none was found in the data", async (visit) => {
      const page = await openCase(visit);
      const rows = await page.getByRole("table", { name: "Parts of the score" }).locator("tbody tr").all();
      const hundredths = await Promise.all(rows.map(async (row) => Math.round(Number((await row.getByRole("cell").nth(2).textContent()).replace("\u2212", "-")) * 100)));
      const total = hundredths.pop();
      assert.ok(hundredths.length >= 2);
      assert.equal(hundredths.reduce((sum, one) => sum + one, 0), total);
      const incident = await now();
      const table = page.getByRole("table", { name: "Accesses" });
      const shown = await table.locator("tbody tr").count();
      assert.equal(shown, Math.min(10, incident.timeline.length));
      await table.getByText("no reason found in the data").first().waitFor();
      await page.getByRole("img", { name: /with no reason found in the data/ }).waitFor();
    });

    check("a case is taken, a reason is asked for without naming anybody, approved, handed over and answered, and each step stands in the custody list", async (visit) => {
      const page = await openCase(visit);
      await page.getByRole("button", { name: /^Take/ }).click();
      await page.getByText("In work", { exact: true }).first().waitFor();
      await page.keyboard.press("n");
      const asks = page.getByRole("dialog", { name: "Ask for a reason" });
      const text = await asks.getByLabel("Text").inputValue();
      assert.deepEqual(world.canaries.hidden(text), []);
      assert.doesNotMatch(text, JUDGING);
      await accessible(page, "asking for a reason");
      await asks.getByRole("button", { name: "Propose it" }).click();
      await page.getByText("waits for approval").waitFor();
      await page.getByRole("button", { name: "Approve" }).click();
      await page.getByText("Asked for a reason", { exact: true }).first().waitFor();
      await page.getByRole("button", { name: "It was handed over" }).click();
      await page.getByRole("button", { name: "Enter the answer …" }).click();
      await page.getByRole("dialog").getByLabel("In their own words").fill("I wanted to know how my neighbour is.");
      await page.getByRole("dialog").getByRole("button", { name: "Enter it" }).click();
      await page.getByText("Answered", { exact: true }).first().waitFor();
      const { custody, requests } = await now();
      const deeds = custody.map((entry) => entry.deed);
      for (const deed of ["owner", "state", "request_proposed", "request_approved", "request_sent", "reply"]) assert.ok(deeds.includes(deed), `${deed} in ${deeds.join(" ")}`);
      assert.equal(requests.at(-1).state, "replied");
      await page.getByRole("region", { name: "Custody" }).getByText("answer entered").waitFor();
    });

    check("tasks and comments are kept with a case", async (visit) => {
      const page = await openCase(visit);
      await page.getByLabel("New task").fill("Talk to the ward");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByLabel("Talk to the ward").check();
      await page.getByText("Task done.").waitFor();
      await page.getByLabel("New comment").fill("The ward knows of nothing.");
      await page.getByRole("button", { name: "Note it" }).click();
      await page.getByRole("region", { name: "Comments" }).getByText("The ward knows of nothing.").waitFor();
      const { tasks, comments } = await now();
      assert.ok(tasks.at(-1).done);
      assert.equal(comments.at(-1).text, "The ward knows of nothing.");
    });

    check("a breach asks for the four factors first; then its deadlines run, and the verdict can be taken back", async (visit) => {
      const page = await openCase(visit);
      await page.keyboard.press("v");
      const decides = page.getByRole("dialog", { name: "Decide this case" });
      await decides.getByLabel("Breach").check();
      assert.ok(await decides.getByRole("button", { name: "Decide", exact: true }).isDisabled());
      await decides.getByRole("button", { name: "Weigh the four factors …" }).click();
      const weighs = page.getByRole("dialog", { name: "Weigh the four factors" });
      for (const factor of ["1. What was in it", "2. Who had it", "3. Whether it was looked at", "4. What lessens it"]) {
        const group = weighs.getByRole("group", { name: factor });
        await group.getByLabel("High risk").check();
        await group.getByRole("textbox").fill("as the case says");
      }
      await weighs.getByLabel(/A breach/).check();
      await accessible(page, "weighing the four factors");
      await weighs.getByRole("button", { name: "Keep it" }).click();
      await weighs.waitFor({ state: "detached" });
      await page.keyboard.press("v");
      await decides.getByLabel("Breach").check();
      await decides.getByLabel("Why").fill("curiosity, as the answer says");
      await decides.getByRole("button", { name: "Decide", exact: true }).click();
      const deadlines = page.getByRole("region", { name: "Deadlines" });
      await deadlines.getByText(/left$/).first().waitFor();
      assert.equal(await deadlines.getByRole("listitem").count(), 2);
      assert.equal((await now()).verdict, "breach");
      await page.getByRole("button", { name: "Take the verdict back" }).click();
      await eventually("the case is in work again", async () => (await now()).state === "triage");
      await deadlines.waitFor({ state: "detached" });
    });

    check("what verdicts taught the review is told by scenario, and one is taken back and let count again; it stays with its case", async (visit) => {
      const { id, revision } = await now();
      await world.ask(OFFICER, "POST", `/api/v1/incidents/${id}/verdict`, { revision, verdict: "breach", reason: "as the answer says" });
      const page = await visit.as(OFFICER);
      await page.goto("/privacy");
      await page.getByRole("link", { name: "What verdicts taught" }).click();
      await page.getByRole("heading", { level: 1, name: "What verdicts taught the review" }).waitFor();
      await settled(page);
      const main = page.locator("main");
      await main.getByText(/1 verdict: later cases weigh 1\.10 times as much \(\+0\.10 nats\)/).waitFor();
      assert.doesNotMatch(await main.textContent(), JUDGING);
      await accessible(page, "what verdicts taught");
      const standing = async () => (await world.ask(OFFICER, "GET", "/api/v1/privacy/decisions")).items.map((one) => one.standing);
      assert.deepEqual(await standing(), ["counts"]);
      await main.getByRole("button", { name: /^Take back/ }).click();
      await main.getByText(/1 verdict: moves nothing/).waitFor();
      assert.deepEqual(await standing(), ["taken_back"]);
      assert.equal((await now()).verdict, "breach");
      await main.getByRole("button", { name: /^Let it count/ }).click();
      await main.getByText(/counts in full/).waitFor();
      await main.getByRole("link", { name: "Breach" }).click();
      await page.getByRole("region", { name: "Custody" }).getByText("verdict taken out of later reviews").waitFor();
      await page.getByRole("button", { name: "Take the verdict back" }).click();
      await eventually("the case is in work again", async () => (await now()).state === "triage");
    });

    check("what somebody else did to a case meanwhile is not overwritten, and shows", async (visit) => {
      visit.expect(412, /\/comments$/);
      const page = await openCase(visit);
      const { id, revision } = await now();
      await world.ask(OFFICER, "POST", `/api/v1/incidents/${id}/comments`, { revision, text: "Quicker than you." });
      await page.getByLabel("New comment").fill("Slower.");
      await page.getByRole("button", { name: "Note it" }).click();
      await page.getByText("Quicker than you.").waitFor();
      assert.ok(!(await now()).comments.some((comment) => comment.text === "Slower."));
      assert.equal(await page.getByLabel("New comment").inputValue(), "Slower.", "what was written is still there");
    });

    check("a record tells everybody who opened it, each with a reason or that none was found, as of the review; it is reached from a case and an event of it opens", async (visit) => {
      const page = await openCase(visit);
      await page.getByRole("region", { name: "Who else opened these records" }).getByRole("button").first().click();
      await page.getByRole("heading", { level: 1, name: "Who opened this record" }).waitFor();
      await settled(page);
      const table = page.getByRole("table", { name: "Accesses to the record" });
      const record = await theRecord();
      assert.equal(await table.locator("tbody tr").count(), record.accesses.length);
      const nurse = table.getByRole("row", { name: /m\.linnet/ });
      await nurse.getByText("no reason found in the data").first().waitFor();
      await nurse.getByText("nurse, Surgical ward 2").first().waitFor();
      await page.getByText(/as the review of \d{4}-\d\d-\d\d \d\d:\d\d/).waitFor();
      const words = await page.locator("main").textContent();
      assert.doesNotMatch(words.replace("does not mean that there was none", ""), JUDGING);
      assert.doesNotMatch(words, /Ferrin|Tobias|700100/);
      await accessible(page, "who opened a record");
      await nurse.first().getByRole("button", { name: /^Open the event of/ }).click();
      await page.getByRole("complementary", { name: "Event" }).getByRole("heading", { name: "Original record" }).waitFor();
    });

    check("a record is narrowed to what has no reason and to a time, and the address holds both and no pseudonym", async (visit) => {
      const page = await visit.as(OFFICER);
      await page.goto(await recordPage(OFFICER));
      await settled(page);
      const record = await theRecord();
      await page.getByLabel("Which accesses").selectOption("No reason found in the data");
      const rows = page.getByRole("table", { name: "Accesses to the record" }).locator("tbody tr");
      assert.equal(await rows.count(), record.accesses.filter((access) => access.judged === "unexplained").length);
      await page.getByLabel("to", { exact: true }).fill("2026-03-01");
      await page.getByText("Nobody opened this record in this time").waitFor();
      const { searchParams, href } = new URL(page.url());
      assert.equal(searchParams.get("only"), "unexplained");
      assert.ok(searchParams.get("until") && !href.includes(record.patients[0]));
      await page.goBack();
      await rows.first().waitFor();
    });

    check("a record is taken out as CSV and printed on A4 with all of its rows, in both themes black on white; each reading stands in the audit log", async (visit) => {
      const page = await visit.as(OFFICER, { colorScheme: "dark" });
      await page.goto(await recordPage(OFFICER));
      await settled(page);
      const record = await theRecord();
      const waits = page.waitForEvent("download");
      await page.getByRole("link", { name: "As CSV" }).click();
      const lines = readFileSync(await (await waits).path(), "utf8").trim().split("\r\n");
      assert.equal(lines.length, record.accesses.length + 1);
      assert.ok(lines[0].startsWith("time,user,role,department,action,"));
      await page.emulateMedia({ media: "print" });
      const paper = () => page.evaluate(() => `${getComputedStyle(document.documentElement).backgroundColor} ${getComputedStyle(document.querySelector('nav[aria-label="Places"]')).display}`);
      await eventually("black on white, without the places", async () => (await paper()) === "rgb(255, 255, 255) none");
      const pdf = await page.pdf({ preferCSSPageSize: true });
      assert.match(pdf.toString("latin1"), /\/MediaBox ?\[0 0 59[45](\.\d+)? 84[12]/, "A4");
      await page.emulateMedia({ media: "screen" });
      const { items } = await world.ask(OFFICER, "GET", "/api/v1/audit?limit=50");
      const read = items.filter((entry) => entry.action === "record_accesses_read" && entry.actor === PEOPLE.privacy_officer.name);
      assert.deepEqual([...new Set(read.slice(0, 2).map((entry) => entry.detail.as))].sort(), ["accesses_csv", "json"]);
      assert.ok(read.every((entry) => record.patients.includes(entry.target)));
      await page.getByRole("link", { name: "Disclosures" }).click();
      await page.getByRole("heading", { level: 1, name: "Accounting of disclosures" }).waitFor();
      await page.getByText("No disclosure that has to be accounted for is known in this time.").waitFor();
    });

    check("a record is found by its pseudonym and from the page of the patient reference; what the review does not know says so", async (visit) => {
      visit.expect(404, /^\/api\/v1\/privacy\/records\//);
      const page = await visit.as(OFFICER);
      const record = await theRecord();
      await page.goto("/privacy");
      await page.getByRole("link", { name: "Who opened a record" }).click();
      const field = page.getByLabel("Pseudonym of the patient");
      await field.fill("Ferrin");
      assert.ok(await page.getByRole("button", { name: "Open", exact: true }).isDisabled());
      await field.fill(`p-${"0".repeat(32)}`);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "The last review knows no such record" }).waitFor();
      await page.goBack();
      await field.fill(record.patients[0]);
      await page.keyboard.press("Enter");
      await page.getByRole("table", { name: "Accesses to the record" }).waitFor();
      const { handle } = await world.ask(OFFICER, "POST", "/api/v1/handles", { text: JSON.stringify(["patient", record.patients[0]]) });
      await page.goto(`/entities/${handle}`);
      await page.getByRole("button", { name: "Who opened this record, and why" }).click();
      await page.getByRole("heading", { level: 1, name: "Who opened this record" }).waitFor();
    });

    check("a case is taken out as data with all that it says", async (visit) => {
      const page = await openCase(visit);
      const waits = page.waitForEvent("download");
      await page.getByRole("link", { name: "As data (JSON)" }).click();
      const text = readFileSync(await (await waits).path(), "utf8");
      const incident = await now();
      assert.ok(text.includes(incident.id) && incident.sentences.every((one) => text.includes(JSON.stringify(one.text).slice(1, -1))));
    });
  });
}
