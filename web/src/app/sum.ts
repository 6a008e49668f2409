/** Numbers that are shown rounded and still sum to what is shown as their sum. Pure. */

/** Hundredths whose sum is that of the values, rounded once: those that lose most by rounding down are rounded up (largest remainder). */
export function shownHundredths(values: readonly number[]): number[] {
  const exact = values.map((value) => value * 100);
  const down = exact.map(Math.floor);
  const wanted = Math.round(exact.reduce((sum, value) => sum + value, 0));
  const missing = wanted - down.reduce((sum, value) => sum + value, 0);
  const order = exact.map((value, place) => ({ place, rest: value - Math.floor(value) })).sort((a, b) => b.rest - a.rest || a.place - b.place);
  const raised = new Set(order.slice(0, Math.max(0, missing)).map(({ place }) => place));
  return down.map((value, place) => value + (raised.has(place) ? 1 : 0));
}
