import { describe, expect, it } from "vitest";
import type { Entry } from "./sentences";
import { askedOf, joined, linkOf } from "./trail";

const entry = (seq: number, parts: Partial<Entry> = {}): Entry => ({ seq, actor: "anna", address: "", at: "", action: "signed_in", target_kind: "user", target: "anna", site: "", purpose: "", detail: null, hash: "", ...parts });
const now = new Date("2026-03-18T12:00:00Z");

describe("which entries", () => {
  it("are asked of the node by deed, kind and time", () => {
    expect(askedOf(new URLSearchParams("action=signed_in&range=24h"), now)).toEqual({ action: "signed_in", target_kind: undefined, target: undefined, from: "2026-03-17T12:00:00.000Z", to: undefined });
  });

  it("are asked for by the id of a thing, never by the name of a person", () => {
    expect(askedOf(new URLSearchParams("kind=hold&target=3"), now).target).toBe("3");
    expect(askedOf(new URLSearchParams("kind=user&target=anna"), now).target).toBeUndefined();
    expect(askedOf(new URLSearchParams("target=anna"), now).target).toBeUndefined();
  });

  it("stand there once each, the newest first, however pages overlap", () => {
    expect(joined([[entry(5), entry(4)], [entry(4), entry(3)], [entry(6)]]).map((row) => row.seq)).toEqual([6, 5, 4, 3]);
  });

  it("lead to what they are about for who may see it", () => {
    const about = entry(1, { target_kind: "rule", target: "a/b" });
    expect(linkOf(about, () => true)).toBe("/rules/a%2Fb");
    expect(linkOf(about, () => false)).toBeUndefined();
    expect(linkOf(entry(1), () => true)).toBeUndefined();
  });
});
