/** How legal holds stand. Pure. */

import type { Schemas } from "../../api/client";

export type Hold = Schemas["Hold"];
export type HoldStanding = "released" | "due" | "soon" | "holds";

const SOON_DAYS = 30;

export const HOLD_STANDINGS: Readonly<Record<HoldStanding, { readonly name: string; readonly tone: "plain" | "warn" | "bad" | "accent" }>> = {
  released: { name: "Released", tone: "plain" },
  due: { name: "Review is due", tone: "bad" },
  soon: { name: "Review soon", tone: "warn" },
  holds: { name: "In force", tone: "accent" },
};

/** A hold goes on beyond its review: a review that is due is a question, not an end. */
export function holdStanding(hold: Hold, now: Date): HoldStanding {
  if (hold.ended) return "released";
  const days = (new Date(hold.review).getTime() - now.getTime()) / 86_400_000;
  if (days <= 0) return "due";
  return days <= SOON_DAYS ? "soon" : "holds";
}
