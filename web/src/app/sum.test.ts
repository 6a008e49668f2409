import { expect, test } from "vitest";
import { shownHundredths } from "./sum";

test("shown parts sum to the shown total, whatever rounding does", () => {
  for (const values of [[1.004, 1.004, 1.004], [-6.215, 3.335, 2.999, 1.117], [0.005, -0.005], [1 / 3, 1 / 3, 1 / 3], []]) {
    const shown = shownHundredths(values);
    expect(shown.reduce((sum, one) => sum + one, 0)).toBe(Math.round(values.reduce((sum, one) => sum + one, 0) * 100));
    shown.forEach((one, place) => expect(Math.abs(one - (values[place] ?? 0) * 100)).toBeLessThan(1));
  }
});
