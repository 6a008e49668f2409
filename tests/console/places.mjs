/** Every page as every role, in both themes, wide and narrow: what the navigation shows, what may not be seen, whether everybody can read and use it; and the pictures of docs/screens. */

import assert from "node:assert/strict";
import { describe } from "node:test";
import { NARROW, settled, WIDE } from "./world/browser.mjs";
import { ROLES } from "./world/lakeside.mjs";
import { accessible, fits, picture } from "./world/looks.mjs";
import { may, PARTS, PLACES, visits } from "./world/places.mjs";
import { check, eventually } from "./world/world.mjs";

const FORBIDDEN = /may not see this/i;
/** Both themes and both widths: all four for the first role that sees a page, which also has its pictures taken; two that hold both for the others. Accessibility is judged in the first two of the first role and in one of the others. */
const LOOKS = [
  { theme: "light", width: "wide", size: WIDE, isJudged: true },
  { theme: "dark", width: "narrow", size: NARROW, isJudged: true },
  { theme: "dark", width: "wide", size: WIDE },
  { theme: "light", width: "narrow", size: NARROW },
];
const LOOKS_AGAIN = [{ ...LOOKS[0], isJudged: false }, LOOKS[1]];
/** Some twenty pages, up to four times each, ms. */
const ROUND_MS = 900_000;

/** Registers the checks of this chapter. */
export function places() {
  describe("What each role sees", { concurrency: 1 }, () => {
    for (const role of ROLES) {
      describe(role, { concurrency: 1 }, () => {
        check(`${role}: the navigation shows the places of the role and no other`, async (visit) => {
          const page = await visit.as(role);
          await page.goto("/settings");
          const links = page.getByRole("navigation", { name: "Places" }).getByRole("listitem").getByRole("link");
          await links.first().waitFor();
          assert.deepEqual(await texts(links), PLACES.filter((place) => may(role, place.needs)).map((place) => place.name));
          const parts = page.getByRole("navigation", { name: "Settings" }).getByRole("listitem").getByRole("link");
          await parts.first().waitFor();
          assert.deepEqual(await texts(parts), PARTS.filter((part) => may(role, part.needs)).map((part) => part.name));
        });

        check(`${role}: the first page is one that may be seen`, async (visit) => {
          const page = await visit.as(role);
          await page.goto("/");
          await settled(page);
          const first = PLACES.find((place) => may(role, place.needs));
          assert.equal(new URL(page.url()).pathname, first.path);
          assert.doesNotMatch(await page.locator("main h1").first().textContent(), FORBIDDEN);
        });

        check(`${role}: an address that the role may not see says so and who may`, async (visit) => {
          visit.expect(403, /^\/api\//);
          const page = await visit.as(role);
          const closed = (await visits(role)).filter(({ path, needs }) => !may(role, needs) && !/^\/(\?|$)/.test(path));
          for (const { path } of closed) {
            await page.goto(path);
            await settled(page);
            const text = await page.locator("main").textContent();
            assert.match(text, FORBIDDEN, `${path} shows ${role}: ${text.slice(0, 300)}`);
          }
          await accessible(page, "what may not be seen");
        });

        check(`${role}: every page reads well in both themes, wide and narrow, with nothing serious against its accessibility`, async (visit) => {
          const page = await visit.as(role);
          for (const { slug, path, needs } of (await visits(role)).filter(({ needs }) => may(role, needs))) {
            const isFirst = ROLES.find((one) => may(one, needs)) === role;
            await page.setViewportSize(WIDE);
            await page.emulateMedia({ colorScheme: "light" });
            await page.goto(path);
            await settled(page);
            await oneHeading(page, path);
            for (const look of isFirst ? LOOKS : LOOKS_AGAIN) await looked(page, path, isFirst ? slug : undefined, look);
            await visit.keep(page);
          }
        }, ROUND_MS);
      });
    }
  });
}

async function texts(links) {
  return (await links.allTextContents()).map((text) => text.trim());
}

async function looked(page, path, slug, { theme, width, size, isJudged }) {
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: theme });
  await eventually(`the ${theme} theme`, () => page.evaluate((theme) => document.documentElement.dataset.theme === theme, theme));
  await settled(page);
  await fits(page, `${path}, ${width}`);
  if (isJudged) await accessible(page, `${path}, ${theme}, ${width}`);
  if (slug) await picture(page, `${slug}-${theme}-${width}`);
}

async function oneHeading(page, path) {
  assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1, `headings of the first level of ${path}`);
}
