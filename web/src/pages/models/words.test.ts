import { expect, test } from "vitest";
import { allOf, CHOICES, choiceAt, driftWord, effectOf, keepsTo, meaningOf, obtainedOf, placeOf, rate, STANDING_WORDS, taughtOf } from "./words";
import type { Model } from "./models";

test("the scale goes from 1 to 1,000, rises, and each step is at most twice the one before", () => {
  expect([CHOICES[0], CHOICES.at(-1)]).toEqual([1, 1_000]);
  CHOICES.slice(1).forEach((one, place) => expect(one / (CHOICES[place] ?? 0)).toBeGreaterThan(1));
  CHOICES.slice(1).forEach((one, place) => expect(one / (CHOICES[place] ?? 0)).toBeLessThanOrEqual(2));
});

test("what stands on the scale comes back, and what does not is shown at the nearest place", () => {
  CHOICES.forEach((one, place) => expect([placeOf(one), choiceAt(place)]).toEqual([place, one]));
  expect(choiceAt(placeOf(25))).toBe(30);
  expect([choiceAt(placeOf(0)), choiceAt(placeOf(10_000)), choiceAt(99), choiceAt(-1)]).toEqual([1, 1_000, 1_000, 1]);
});

test("a number a week is told as what it means for a team", () => {
  expect(meaningOf(1)).toBe("That is about one every 7 days, and 15 minutes of reading a week when each takes a quarter of an hour.");
  expect(meaningOf(7)).toBe("That is about one a day, and 1.8 hours of reading a week when each takes a quarter of an hour.");
  expect(meaningOf(140)).toBe("That is about 20 a day, and 35 hours of reading a week when each takes a quarter of an hour.");
});

test("what is obtained is held against what was asked, but few are chance", () => {
  const says = (asked: number, obtained: number | null) => keepsTo({ asked_per_week: asked, obtained_per_week: obtained });
  expect(says(2, null).says).toMatch(/not judged long enough/);
  expect(says(2, 9).tone).toBe("warn");
  expect(says(0.5, 2).says).toBe("About what was asked.");
  expect(says(10, 1).says).toMatch(/^Fewer/);
});

test("rates and drift are not known before there is something to know them from", () => {
  expect([rate(null), rate(0), rate(0.01), rate(2.25), rate(31.4)]).toEqual(["not known yet", "0", "less than 0.1", "2.3", "31"]);
  expect([driftWord(null), driftWord(0.05), driftWord(0.3), driftWord(0.9)]).toEqual(["not known yet", "steady (0.05)", "moving (0.30)", "much changed (0.90)"]);
  expect([obtainedOf([{ obtained_per_week: null }]), obtainedOf([{ obtained_per_week: null }, { obtained_per_week: 2 }])]).toEqual([null, 2]);
});

test("all detectors are told in a sentence, and those that learn still are counted", () => {
  const model = (is_warm: boolean) => ({ is_warm }) as Model;
  expect(allOf([])).toBe("No detector learns on this node.");
  expect(allOf([model(true), model(true)])).toBe("2 detectors, and all know what is normal here.");
  expect(allOf([model(true), model(false)])).toBe("2 detectors: 1 knows what is normal here, 1 is still learning.");
  expect(allOf([model(false)])).toBe("1 detector, still learning what is normal here: until then it says little.");
});

test("what verdicts do is told with what it is taken off or added to", () => {
  expect(effectOf({ entity_nats: -0.693, house_nats: -0.049 })).toBe("takes 0.69 nats off its scores, takes 0.05 nats off everybody's");
  expect(effectOf({ entity_nats: 0.405, house_nats: 0 })).toBe("adds 0.41 nats to its scores");
  expect(effectOf({ entity_nats: 0.001, house_nats: -0.001 })).toBe("changes nothing");
  expect(taughtOf([{ standing: "counts" }, { standing: "over" }, { standing: "taken_back" }])).toBe("3 verdicts, of which 1 counts.");
  expect(Object.values(STANDING_WORDS).every((words) => words.length > 0)).toBe(true);
});
