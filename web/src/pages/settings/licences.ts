/** What the console is made with. `licences.test.ts` compares it with what is installed. */
export const CONSOLE_LICENCES: readonly { readonly name: string; readonly licence: string }[] = [
  { name: "svelte", licence: "MIT" },
  { name: "@codemirror/autocomplete", licence: "MIT" },
  { name: "@codemirror/commands", licence: "MIT" },
  { name: "@codemirror/lang-sql", licence: "MIT" },
  { name: "@codemirror/language", licence: "MIT" },
  { name: "@codemirror/state", licence: "MIT" },
  { name: "@codemirror/view", licence: "MIT" },
  { name: "@lucide/svelte", licence: "ISC" },
  { name: "@tanstack/virtual-core", licence: "MIT" },
  { name: "bits-ui", licence: "MIT" },
  { name: "openapi-fetch", licence: "MIT" },
  { name: "uplot", licence: "MIT" },
];
