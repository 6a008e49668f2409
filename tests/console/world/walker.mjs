/** Goes through every page of a role and opens what it offers, and hands every word that a browser gets to see or to keep to whoever looks for some: what pages show, what stands in attributes and fields, addresses, and every answer. */

import { follow, PATIENCE_MS, settled } from "./browser.mjs";
import { PARTS, PLACES } from "./places.mjs";

/** Streams have no end. */
const STREAM = /\/api\/v1\/stream\//;
const TEXT = /json|html|csv|plain/;
/** How long something that was pressed may take to open, ms; what does not open is passed over. */
const OPENS_MS = 2_000;
/** What shows more and changes nothing: views, panels, what a list leaves out, dialogs that ask before they do. Each with how many of its kind are opened on one page. */
const OPENERS = [
  ["main [role=tab]", 4], ["main nav a:not([aria-current])", 4], ["main summary", 3], ["main button[aria-expanded=false]", 2], ["main button:text-matches('^(All \\\\d|\\\\d+ more|More$)')", 2], ["main [role=grid] [role=row]:nth-child(2)", 1],
  ["main tbody tr:first-child button", 1], ["main button:text-matches('^event \\\\d')", 1], ["main button:text-matches('…$')", 2],
];

export class Walker {
  pages = 0;
  opened = 0;
  answers = 0;
  #context;
  #see;
  #bodies = [];

  /** `see(where, text)` gets every text. */
  constructor(context, see) {
    this.#context = context;
    this.#see = see;
    context.setDefaultTimeout(PATIENCE_MS);
    follow(context);
    context.on("request", (request) => see("address", request.url()));
    context.on("response", (response) => this.#bodies.push(this.#answer(response)));
  }

  async #answer(response) {
    const url = response.url();
    if (STREAM.test(url) || !TEXT.test(response.headers()["content-type"] ?? "")) return;
    const text = await response.text().catch(() => "");
    this.answers += 1;
    this.#see(`answer of ${new URL(url).pathname}`, text);
  }

  /** Everything at these addresses. */
  async walk(paths) {
    const page = await this.#context.newPage();
    await page.goto("/");
    await settled(page);
    for (const path of paths) {
      await this.#go(page, path);
      this.pages += 1;
      await this.#look(page, path);
      await this.#downloads(page, path);
      for (const [opener, most] of OPENERS) await this.#openAll(page, path, opener, most);
    }
    await Promise.all(this.#bodies);
    await page.close();
  }

  /** As a link of the console goes there: nothing is loaded again. */
  async #go(page, path) {
    await page.evaluate((to) => {
      history.pushState(null, "", to);
      dispatchEvent(new PopStateEvent("popstate"));
    }, path);
    await settled(page);
  }

  /** The page as it stands: text, attributes, fields, title and address. */
  async #look(page, path) {
    const fields = () => [...document.querySelectorAll("input, textarea, select")].map((field) => field.value).join("\n");
    const [html, values] = [await page.content(), await page.evaluate(fields)];
    this.#see(`page ${path}`, html);
    this.#see(`fields of ${path}`, values);
    this.#see("address", page.url());
  }

  /** What can be taken out. */
  async #downloads(page, path) {
    const links = await page.locator("main a[download]").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    for (const link of new Set(links)) {
      const answer = await this.#context.request.get(new URL(link, page.url()).href);
      this.#see(`file of ${path}`, await answer.text());
      this.answers += 1;
    }
  }

  async #openAll(page, path, opener, most) {
    const count = Math.min(most, await page.locator(opener).count());
    for (let place = 0; place < count; place += 1) {
      const one = page.locator(opener).nth(place);
      if (!(await one.isVisible().catch(() => false)) || !(await one.isEnabled().catch(() => false))) continue;
      const before = page.url();
      // what leads to another page is walked there
      const away = await one.getAttribute("href", { timeout: OPENS_MS }).catch(() => null);
      if (away !== null && new URL(away, before).pathname !== new URL(before).pathname) continue;
      if (!(await one.click({ timeout: OPENS_MS }).then(() => true, () => false))) continue;
      await settled(page);
      this.opened += 1;
      await this.#look(page, path);
      await this.#downloads(page, path);
      // dialogs and panels close; another page is left
      await page.keyboard.press("Escape");
      if (new URL(page.url()).pathname !== new URL(before).pathname) await this.#go(page, before);
    }
  }
}

/** Every page of the console for one role, with pages of what there is, of entities one of each of these kinds: `ask` asks the API as that role, or gives nothing where it may not. */
export async function addresses(ask, patientRef, entityKinds) {
  const handle = async (text) => (await ask("POST", "/api/v1/handles", { text }))?.handle;
  const items = async (path) => (await ask("GET", path))?.items ?? [];
  const [groups, risks, cases, rules, models] = await Promise.all(["/api/v1/finding-groups?limit=1", "/api/v1/entities?limit=200", "/api/v1/incidents?limit=1", "/api/v1/rules", "/api/v1/models"].map(items));
  const kinds = entityKinds.map((kind) => risks.find(({ entity }) => entity.kind === kind && entity.name)?.entity).filter(Boolean);
  const entities = await Promise.all(kinds.map(({ kind, name }) => handle(JSON.stringify([kind, name]))));
  const record = await handle(patientRef);
  return [
    ...PLACES.filter(({ path }) => path !== "/settings").map(({ path }) => path), ...PARTS.map(({ path }) => path),
    "/?plain=1", "/findings?state=all", "/explore?mode=sql", "/rules?view=coverage", "/privacy?state=all", "/privacy/records", "/privacy/decisions", `/privacy/records/${record}`, `/privacy/records/${record}?view=disclosures`,
    ...groups.map(({ id }) => `/findings?group=${id}`), ...cases.map(({ id }) => `/privacy/${id}`), ...entities.map((one) => `/entities/${one}`),
    ...rules.filter(({ findings }) => findings > 0).slice(0, 1).map(({ id }) => `/rules/${id}`), ...models.slice(0, 1).map(({ id }) => `/models/${id}`),
  ];
}
