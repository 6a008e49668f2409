/** Values of settings as people read them. Pure. */

import { many } from "../../app/words";

const LISTED = 3;

/** In one line. */
export function valueInShort(value: unknown): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return "none";
    const texts = value.slice(0, LISTED).map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
    return value.length > LISTED ? `${texts.join(", ")} and ${value.length - LISTED} more` : texts.join(", ");
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}

const NAMES: Readonly<Record<string, { readonly name: string; readonly where: string }>> = {
  rules_off: { name: "Rules that somebody switched off", where: "/rules" },
  rules_on: { name: "Rules that somebody switched on against the profile", where: "/rules" },
};

/** What a setting is, and the page where it is changed; `undefined` for one that this console does not know. */
export function knownSetting(name: string): { readonly name: string; readonly where: string } | undefined {
  return NAMES[name];
}

export interface Reload {
  readonly changed: readonly string[];
  readonly needs_restart: readonly string[];
  readonly rules: number;
}

/** What a reload came to, in a sentence. */
export function reloadSays({ changed, needs_restart, rules }: Reload): string {
  const said = [
    changed.length > 0 ? `In force now: ${changed.join(", ")}.` : "",
    needs_restart.length > 0 ? `Waiting for a restart: ${needs_restart.join(", ")}.` : "",
    changed.length + needs_restart.length === 0 ? "No setting had changed." : "",
  ];
  return [...said.filter(Boolean), `${many(rules, "rule")} ${rules === 1 ? "runs" : "run"}.`].join(" ");
}
