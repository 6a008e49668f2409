/** How long a page takes from a key or a click until it is painted (INP), as the browser tells it: from 16 ms on, in steps of 8 ms. Figures are printed and decide nothing. */

/** Call before the page is opened. */
export async function watched(page) {
  await page.addInitScript(() => {
    window.interactions = [];
    new PerformanceObserver((entries) => entries.getEntries().forEach((entry) => entry.interactionId && window.interactions.push(entry.duration))).observe({ type: "event", durationThreshold: 16, buffered: true });
  });
}

/** Prints what was slow since the page was opened. */
export async function interacted(page, what) {
  await page.waitForTimeout(200);
  const slow = (await page.evaluate(() => window.interactions)).sort((one, other) => other - one);
  console.log(`interaction to next paint, ${what}: ${slow.length} events took 16 ms or longer, the longest ${slow[0] ?? "under 16"} ms`);
}
