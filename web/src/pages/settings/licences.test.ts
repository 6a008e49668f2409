import { describe, expect, it } from "vitest";
import manifest from "../../../package.json?raw";
import { CONSOLE_LICENCES } from "./licences";

const INSTALLED = import.meta.glob<string>(["../../../node_modules/*/package.json", "../../../node_modules/@*/*/package.json"], { query: "?raw", import: "default" });

describe("what the console is made with", () => {
  it("is what it depends on, and svelte, under the licences that they state", async () => {
    const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
    expect(CONSOLE_LICENCES.map((one) => one.name).sort()).toEqual([...Object.keys(dependencies), "svelte"].sort());
    for (const one of CONSOLE_LICENCES) {
      const text = await INSTALLED[`../../../node_modules/${one.name}/package.json`]?.();
      expect(`${one.name} ${(JSON.parse(text ?? "{}") as { license?: string }).license}`).toBe(`${one.name} ${one.licence}`);
    }
  });
});
