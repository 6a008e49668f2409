import { describe, expect, it } from "vitest";
import { knownSetting, reloadSays, valueInShort } from "./values";

describe("values of settings", () => {
  it.each([
    [[], "none"],
    [["a", "b"], "a, b"],
    [["a", "b", "c", "d", "e"], "a, b, c and 2 more"],
    ["text", "text"],
    [3, "3"],
    [{ a: 1 }, '{"a":1}'],
    [null, "null"],
  ])("%j is read as %s", (value, text) => {
    expect(valueInShort(value)).toBe(text);
  });

  it("of the node have words, others keep their name", () => {
    expect([knownSetting("rules_off")?.where, knownSetting("wings")]).toEqual(["/rules", undefined]);
  });

  it("say what a reload came to", () => {
    expect(reloadSays({ changed: [], needs_restart: [], rules: 303 })).toBe("No setting had changed. 303 rules run.");
    expect(reloadSays({ changed: ["log.level"], needs_restart: ["api.address"], rules: 1 })).toBe("In force now: log.level. Waiting for a restart: api.address. 1 rule runs.");
  });
});
