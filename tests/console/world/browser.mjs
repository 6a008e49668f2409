/** Debian's Chromium without a screen, and people in it: each page has cookies of its own and is watched. */

import { createRequire } from "node:module";
import { PASSWORD, PEOPLE } from "./lakeside.mjs";
import { ROOT } from "./node.mjs";
import { Judge } from "./record.mjs";
import { code } from "./totp.mjs";
import { harvest, watch } from "./watch.mjs";

// the packages of the console are those of the suite
const require = createRequire(`${ROOT}web/package.json`);
const { chromium } = require("playwright-core");
export const { AxeBuilder } = require("@axe-core/playwright");

export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 375, height: 812 };
/** Longest wait for something to appear, ms. */
export const PATIENCE_MS = 60_000;
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
/** Streams have no end; what is waited for are the other requests. */
const STREAM = /\/api\/v1\/stream\//;
const QUIET_MS = 60;

/** Requests that have no answer yet, by context. */
const asking = new WeakMap();

/** Notes from now on what the pages of a context ask for and have no answer to. */
export function follow(context) {
  const open = new Set();
  asking.set(context, open);
  context.on("request", (request) => STREAM.test(request.url()) || open.add(request));
  for (const over of ["requestfinished", "requestfailed"]) context.on(over, (request) => open.delete(request));
}

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

export class Browser {
  #chromium;
  #states = new Map();
  #secret;

  constructor(record, origin) {
    this.record = record;
    this.origin = origin;
  }

  async open() {
    this.#chromium = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  }

  close() {
    return this.#chromium?.close();
  }

  /** The same program with another node. */
  at(origin) {
    const browser = new Browser(this.record, origin);
    browser.#chromium = this.#chromium;
    return browser;
  }

  /** A window with cookies of its own. */
  context(options) {
    return this.#chromium.newContext({ baseURL: this.origin, viewport: WIDE, colorScheme: "light", reducedMotion: "reduce", ...options });
  }

  /** The cookies of somebody who has signed in by hand, once in the suite. */
  state(who) {
    if (!this.#states.has(who)) this.#states.set(who, this.#enter(who));
    return this.#states.get(who);
  }

  /** The administrator's code of the coming step: the node takes none twice. */
  nextCode() {
    return code(this.#secret, 1);
  }

  async #enter(who) {
    const visit = new Visit(this);
    const page = await visit.page();
    await page.goto("/");
    await visit.signIn(page, who);
    if (PEOPLE[who].roles.includes("administrator")) await this.#secondFactor(page);
    await page.getByRole("navigation", { name: "Places" }).waitFor();
    const state = await page.context().storageState();
    await visit.end();
    return state;
  }

  async #secondFactor(page) {
    const field = page.getByLabel("Code of the authenticator");
    await field.waitFor();
    this.#secret = (await page.locator("code").textContent()).replace(/\s/g, "");
    await field.fill(code(this.#secret));
    await page.getByRole("button", { name: "Confirm" }).click();
  }
}

/** What one check does with the browser: its pages, and the judge over them. */
export class Visit {
  #browser;
  #pages = [];

  constructor(browser) {
    this.#browser = browser;
    this.judge = new Judge(browser.record);
  }

  /** A page of nobody's, at this node or another. */
  async page(options = {}, browser = this.#browser) {
    const context = await browser.context(options);
    context.setDefaultTimeout(PATIENCE_MS);
    await this.#watch(context, browser.origin);
    const page = await context.newPage();
    this.#pages.push(page);
    return page;
  }

  /** A page of somebody who is signed in. */
  async as(who, options = {}) {
    return this.page({ storageState: await this.#browser.state(who), ...options });
  }

  /** Somebody fills in the form. */
  async signIn(page, who, password = PASSWORD) {
    await page.getByLabel("Name").fill(PEOPLE[who].name);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  }

  nextCode() {
    return this.#browser.nextCode();
  }

  expect(status, path) {
    this.judge.expect(status, path);
  }

  expectAway() {
    this.judge.expectAway();
  }

  /** Reads what the pages have put by and show, and closes them. */
  async end() {
    for (const page of this.#pages) {
      const context = page.context();
      if (!page.isClosed() && page.url().startsWith("http")) await this.keep(page);
      for (const { name, value } of await context.cookies()) this.#browser.record.tell("cookie", `${name}=${value}`);
      await context.close();
    }
  }

  /** Reads what a page has put by and shows. */
  async keep(page) {
    const record = this.#browser.record;
    const found = await page.evaluate(harvest).catch(() => null);
    if (!found) return;
    record.show(found.text);
    record.tell("title", found.title);
    record.tell("address", found.address);
    found.stored.forEach((text) => record.tell("storage", text));
    [...found.databases, ...found.caches].forEach((name) => this.judge.problem(`the browser keeps ${name}`));
  }

  /** Pictures of the pages, for who looks into a failure. */
  async pictures(path) {
    const pages = this.#pages.filter((page) => !page.isClosed());
    await Promise.all(pages.map((page, place) => page.screenshot({ path: `${path}-${place}.png`, timeout: 5_000 }).catch(() => null)));
  }

  async #watch(context, origin) {
    const { judge } = this;
    await context.exposeBinding("cordonSuiteTells", (_source, what, text) => {
      this.#browser.record.tell(what, text);
      if (what === "violation") judge.problem(`the Content-Security-Policy was violated: ${text}`);
    });
    await context.addInitScript(watch);
    follow(context);
    context.on("console", (message) => judge.message(message.type(), message.text(), message.location().url));
    context.on("weberror", (fault) => judge.problem(`uncaught in the page: ${fault.error().stack ?? fault.error()}`));
    context.on("request", (request) => judge.request(request, origin));
    context.on("response", (response) => judge.answer(response));
    context.on("requestfailed", (request) => judge.noAnswer(request));
  }
}
