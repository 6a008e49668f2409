/** Tactics and techniques of MITRE ATT&CK. Names of techniques: `crates/cordon/data/attack_techniques.tsv`, with MITRE's licence in its head. */

import techniqueNames from "../../../../crates/cordon/data/attack_techniques.tsv?raw";

/** The enterprise tactics in their order, under the words of tags. Version 19 has split Defense Evasion in two; rules may name either. */
const ORDER: readonly (readonly [word: string, name: string])[] = [
  ["reconnaissance", "Reconnaissance"],
  ["resource development", "Resource Development"],
  ["initial access", "Initial Access"],
  ["execution", "Execution"],
  ["persistence", "Persistence"],
  ["privilege escalation", "Privilege Escalation"],
  ["defense evasion", "Defense Evasion"],
  ["stealth", "Stealth"],
  ["defense impairment", "Defense Impairment"],
  ["credential access", "Credential Access"],
  ["discovery", "Discovery"],
  ["lateral movement", "Lateral Movement"],
  ["collection", "Collection"],
  ["command and control", "Command and Control"],
  ["exfiltration", "Exfiltration"],
  ["impact", "Impact"],
];
/** Of version 19: shown only where rules name them. */
const SPLIT: readonly string[] = ["stealth", "defense impairment"];

export interface Tactic {
  readonly word: string;
  readonly name: string;
}

/** The columns: the fourteen, those that rules name beside them, and where there are rules that name none, a last one. */
export function tacticsFor(named: ReadonlySet<string>): readonly Tactic[] {
  const hasSplit = SPLIT.some((word) => named.has(word));
  const known = ORDER.filter(([word]) => (SPLIT.includes(word) ? named.has(word) : word !== "defense evasion" || !hasSplit || named.has(word)));
  const others = [...named].filter((word) => word !== "" && !ORDER.some(([one]) => one === word)).sort();
  return [
    ...known.map(([word, name]) => ({ word, name })),
    ...others.map((word) => ({ word, name: word.charAt(0).toUpperCase() + word.slice(1) })),
    ...(named.has("") ? [{ word: "", name: "No tactic stated" }] : []),
  ];
}

const NAMES: ReadonlyMap<string, string> = new Map(
  techniqueNames.split("\n").flatMap((line) => {
    const [id = "", name = ""] = line.split("\t");
    return name && /^T\d/.test(id) ? [[id, name] as const] : [];
  }),
);

/** The name of a technique; nothing for one that the list does not have. */
export function techniqueName(id: string): string {
  return NAMES.get(id) ?? "";
}
