/** Debian's Chromium without a screen, and people in it: each has cookies of their own, and every page is watched. */

import { createRequire } from "node:module";
import { ROOT } from "./node.mjs";
import { PASSWORD, PEOPLE } from "./lakeside.mjs";
import { code } from "./totp.mjs";
import { harvest, watch } from "./watch.mjs";

// the packages of the console are those of the suite
const require = createRequire(`${ROOT}web/package.json`);
const { chromium } = require("playwright-core");
export const { AxeBuilder } = require("@axe-core/playwright");

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 375, height: 812 };
/** Longest wait for something to appear, ms. */
export const PATIENCE_MS = 20_000;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];

/** Streams have no end; what is waited for are the other requests. */
const STREAM = /\/api\/v1\/stream\//;
const QUIET_MS = 60;

/** Waits until a page has all it asked for, and shows it. */
export async function settled(page) {
  const end = Date.now() + PATIENCE_MS;
  await page.locator("main#content .page > *").first().waitFor();
  for (let quiet = 0; quiet < 2; ) {
    if (Date.now() > end) throw new Error(`${page.url()} does not come to rest`);
    const isWaiting = (asking.get(page.context())?.size ?? 0) > 0 || (await page.getByRole("status", { name: "Loading" }).count()) > 0;
    quiet = isWaiting ? 0 : quiet + 1;
    await page.waitForTimeout(QUIET_MS);
  }
}

/** Requests that have no answer yet, by context. */
const asking = new WeakMap();

export class Browser {
  #chromium;
  #record;
  #states = new Map();
  #secret;
  #pages = new Set();

  static async open(record) {
    const browser = new Browser();
    browser.#record = record;
    browser.#chromium = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
    return browser;
  }

  close() {
    return this.#chromium?.close();
  }

  /** A page of nobody's, in a context of its own. */
  async page(options = {}) {
    const context = await this.#chromium.newContext({ baseURL: this.#record.origin, viewport: WIDE, colorScheme: "light", reducedMotion: "reduce", ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    await this.#watch(context);
    const page = await context.newPage();
    this.#pages.add(page);
    return page;
  }

  /** A page of somebody who is signed in. */
  async as(who, options = {}) {
    if (!this.#states.has(who)) this.#states.set(who, await this.#enter(who));
    return this.page({ storageState: this.#states.get(who), ...options });
  }

  /** Somebody fills in the form. */
  async signIn(page, who, password = PASSWORD) {
    await page.getByLabel("Name").fill(PEOPLE[who].name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  }

  /** Reads what the open pages have put by and show, and ends them. */
  async endPages() {
    for (const page of this.#pages) {
      const context = page.context();
      if (!page.isClosed() && page.url().startsWith(this.#record.origin)) await this.keep(page);
      for (const { name, value } of await context.cookies()) this.#record.tell("cookie", `${name}=${value}`);
      await context.close();
    }
    this.#pages.clear();
  }

  /** Reads what a page has put by and shows. */
  async keep(page) {
    const found = await page.evaluate(harvest).catch(() => null);
    if (!found) return;
    this.#record.counts.pages += 1;
    this.#record.shown.add(found.text);
    this.#record.tell("title", found.title);
    this.#record.tell("address", found.address);
    found.stored.forEach((text) => this.#record.tell("storage", text));
    [...found.databases, ...found.caches].forEach((name) => this.#record.problem(`the browser keeps ${name}`));
  }

  /** Pictures of the open pages, for who looks into a failure. */
  async pictures(path) {
    const pages = [...this.#pages].filter((page) => !page.isClosed());
    const taken = pages.map((page, place) => page.screenshot({ path: `${path}-${place}.png`, timeout: 5_000 }).catch(() => null));
    await Promise.all(taken);
  }

  async #enter(who) {
    const page = await this.page();
    await page.goto("/");
    await this.signIn(page, who);
    if (PEOPLE[who].roles.includes("administrator")) await this.#secondFactor(page);
    await page.getByRole("navigation", { name: "Places" }).waitFor();
    return page.context().storageState();
  }

  async #secondFactor(page) {
    const field = page.getByLabel("Code of the authenticator");
    await field.waitFor();
    this.#secret = (await page.locator("code").textContent()).replace(/\s/g, "");
    await field.fill(code(this.#secret));
    await page.getByRole("button", { name: "Confirm" }).click();
  }

  /** The administrator's code of the coming step: the node takes none twice. */
  nextCode() {
    return code(this.#secret, 1);
  }

  async #watch(context) {
    const record = this.#record;
    await context.exposeBinding("cordonSuiteTells", (_source, what, text) => {
      record.tell(what, text);
      if (what === "violation") record.problem(`the Content-Security-Policy was violated: ${text}`);
    });
    await context.addInitScript(watch);
    context.on("console", (message) => record.message(message.type(), message.text(), message.location().url));
    context.on("weberror", (fault) => record.problem(`uncaught in the page: ${fault.error().stack ?? fault.error()}`));
    const open = new Set();
    asking.set(context, open);
    context.on("request", (request) => {
      record.request(request);
      if (!STREAM.test(request.url())) open.add(request);
    });
    context.on("response", (response) => record.answer(response));
    context.on("requestfinished", (request) => open.delete(request));
    context.on("requestfailed", (request) => {
      open.delete(request);
      record.noAnswer(request);
    });
  }
}
