/** Detectors that learn, and how many alerts a week are asked of all of them together: one number, no thresholds. */

import { answer, api, BACKGROUND, Problem } from "../../api/client";

/** The action of the policies that changes how much is asked. */
export const CHANGE = "ChangeRules";

export interface Model {
  /** Id of the rule that its findings have. */
  readonly id: string;
  readonly title: string;
  readonly learns: string;
  readonly detects: string;
  readonly entities: number;
  readonly bytes: number;
  readonly observations: number;
  readonly asked_per_week: number;
  readonly obtained_per_week: number | null;
  /** 0: as before, 1: nothing in common. */
  readonly drift: number | null;
  readonly is_warm: boolean;
  readonly since: string | null;
  readonly findings: number;
}

type Ask = (path: string, init?: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;
const [GET, PUT] = [api.GET, api.PUT] as unknown as [Ask, Ask];

export async function readModels(signal: AbortSignal): Promise<readonly Model[]> {
  const page = (await answer(GET("/api/v1/models", { headers: BACKGROUND, signal }))) as { items: readonly Model[] };
  return page.items;
}

export async function readModel(id: string, signal: AbortSignal): Promise<Model> {
  const model = (await readModels(signal)).find((one) => one.id === id);
  if (!model) throw new Problem(404, "not-found", "This node has no such detector.");
  return model;
}

export async function askAlerts(alertsPerWeek: number): Promise<void> {
  await answer(PUT("/api/v1/models/budget", { body: { alerts_per_week: alertsPerWeek } }));
}
