import { expect, test } from "vitest";
import { pictureOf, sentenceOf, sorted, standingOf, valued, type Feature } from "./behaviour";

function feature(now: number | null, usual: number | null, peers: number | null, unit = "records"): Feature {
  return { name: "x", words: "records opened in an hour", unit, now, usual, peers };
}

test("a value is told beside its own usual and that of its peers", () => {
  expect(sentenceOf(feature(412, 9, 31))).toBe("412 records now; usual 9, peers at most 31.");
  expect(sentenceOf(feature(3_145_728, 1_024, null, "bytes"))).toBe("3.0 MiB now; usual 1.0 KiB, no peers to compare with.");
  expect(sentenceOf(feature(null, 9, 31))).toBe("Nothing now; usual 9, peers at most 31.");
  expect(sentenceOf(feature(2, null, 31))).toBe("2 records now; no usual of its own yet, peers at most 31.");
  expect(sentenceOf(feature(2, null, null))).toBe("2 records now; there is no normal yet.");
});

test("one of something is told as one", () => {
  expect(["records", "addresses", "queries", "bytes", "KiB"].map((unit) => valued(1, unit))).toEqual(["1 record", "1 address", "1 query", "1 bytes", "1 KiB"]);
});

test("only what passes its own usual and its peers stands out; without any normal nothing does", () => {
  expect([feature(412, 9, 31), feature(20, 9, 31), feature(8, 9, 31), feature(40, 50, 31), feature(40, null, 31), feature(40, null, null), feature(null, 9, 31)].map(standingOf)).toEqual(["unusual", "own", "within", "within", "unusual", "unknown", "unknown"]);
});

test("what stands out comes first", () => {
  expect(sorted([feature(1, 9, 31), feature(null, 1, 1), feature(412, 9, 31), feature(20, 9, 31)]).map((one) => one.now)).toEqual([412, 20, 1, null]);
});

test("values keep their order in the picture, within its width, on a plain scale and on one of times", () => {
  for (const one of [feature(412, 9, 31), feature(20, 9, 31), feature(0, 9, 31), feature(1_000_000, 1, 0)]) {
    const { now, usual, peers } = pictureOf(one);
    for (const place of [now, usual, peers]) expect((place ?? -1) >= 0 && (place ?? 2) <= 1).toBe(true);
    expect((now ?? 0) > (usual ?? 0)).toBe((one.now ?? 0) > (one.usual ?? 0));
    expect((now ?? 0) > (peers ?? 0)).toBe((one.now ?? 0) > (one.peers ?? 0));
  }
  expect([pictureOf(feature(412, 9, 31)).isLog, pictureOf(feature(20, 9, 31)).isLog]).toEqual([true, false]);
});

test("without values there is a picture of nothing", () => {
  expect(pictureOf(feature(null, null, null))).toEqual({ now: null, usual: null, peers: null, isLog: false });
  expect(pictureOf(feature(0, 0, null))).toEqual({ now: 0, usual: 0, peers: null, isLog: false });
});
