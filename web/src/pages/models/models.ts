/** Detectors that learn, and how many alerts a week are asked of all of them together: one number, no thresholds. */

import { answer, api, BACKGROUND, Problem, type Schemas } from "../../api/client";

export type Model = Schemas["Model"];

/** The action of the policies that changes how much is asked. */
export const CHANGE = "ChangeRules";

export async function readModels(signal: AbortSignal): Promise<readonly Model[]> {
  return (await answer(api.GET("/api/v1/models", { headers: BACKGROUND, signal }))).items;
}

export async function readModel(id: string, signal: AbortSignal): Promise<Model> {
  const model = (await readModels(signal)).find((one) => one.id === id);
  if (!model) throw new Problem(404, "not-found", "This node has no such detector.");
  return model;
}

export async function askAlerts(alertsPerWeek: number): Promise<void> {
  await answer(api.PUT("/api/v1/models/budget", { body: { alerts_per_week: alertsPerWeek } }));
}

export type TaughtVerdict = Schemas["TaughtVerdict"];

/** Verdicts on findings of a detector with what they do, the newest first. */
export async function readTaught(model: string, signal: AbortSignal): Promise<readonly TaughtVerdict[]> {
  return (await answer(api.GET("/api/v1/models/verdicts", { params: { query: { model } }, headers: BACKGROUND, signal }))).items;
}

/** Takes the effect of a verdict back, or lets it count again. */
export async function letTeach(group: string, teaches: boolean): Promise<void> {
  await answer(api.PUT("/api/v1/models/verdicts/{id}", { params: { path: { id: group } }, body: { teaches } }));
}

export type Forgettable = "user" | "host" | "device";

/** Has what was learnt of somebody forgotten. */
export async function forget(kind: Forgettable, name: string, reason: string): Promise<Schemas["Forgotten"]> {
  return answer(api.POST("/api/v1/models/forget", { body: { entity: { kind, name }, reason } }));
}
