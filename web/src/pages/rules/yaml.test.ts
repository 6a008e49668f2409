import { describe, expect, it } from "vitest";
import { pieces } from "./yaml";

const of = (text: string) => pieces(text).flatMap((piece) => (piece.kind ? [`${piece.kind} ${piece.text}`] : []));

describe("colours of a rule", () => {
  it("are those of keys, texts, numbers and remarks", () => {
    expect(of("title: A rule # said\n---\ndetection:\n    sel:\n        EventID: 4625\n        CommandLine|re|i: 'a: #b'\n        - \"x\"\n")).toEqual([
      "field title", "note # said", "sign ---", "field detection", "field sel", "field EventID", "number 4625", "field CommandLine|re|i", "text 'a: #b'", 'text "x"',
    ]);
  });

  it("know prose from keys", () => {
    expect(of("description: |\n    A way to stay: that survives\n")).toEqual(["field description"]);
  });

  it("leave the text whole", () => {
    const text = "a: 1\nb: [2, 'c', d#e]\n  # f\n\ntail";
    expect(pieces(text).map((piece) => piece.text).join("")).toBe(text);
    expect(of(text)).toEqual(["field a", "number 1", "field b", "number 2", "text 'c'", "note # f"]);
  });
});
