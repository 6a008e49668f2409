/** Open findings that belong together, as the node joins them, in the order in which a person reads them. Pure. */

import type { Group, Schemas } from "../../api/client";

export type Story = Schemas["Story"];

export interface Step {
  readonly word: string;
  readonly group: Group;
  readonly at: string;
}

/** Where a story began, the worst of it and the latest: each group once, under the word that says most. */
export function stepsOf({ began, worst, latest }: Story): Step[] {
  const steps = [
    { word: "Began", group: began, at: began.first },
    { word: "Worst", group: worst, at: worst.first },
    { word: "Latest", group: latest, at: latest.last },
  ];
  return steps.filter(({ group }, place) => steps.findIndex((one) => one.group.id === group.id) === place);
}

/** What began first of what nobody has taken and is critical or high. */
export function earliestOf(stories: readonly Story[]): Group | undefined {
  const bad = stories.filter(({ worst }) => worst.state === "open" && ["critical", "high"].includes(worst.level));
  return bad.map(({ began }) => began).reduce<Group | undefined>((first, group) => (first && first.first <= group.first ? first : group), undefined);
}

/** From which level on groups are joined: notes for the record make stories only when nothing worse is open. */
export function leastOf(counts: readonly Schemas["GroupCount"][]): Schemas["Level"] {
  const isBad = counts.some(({ level, state, count }) => state !== "closed" && count > 0 && ["critical", "high", "medium"].includes(level));
  return isBad ? "medium" : "informational";
}
