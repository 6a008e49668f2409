/** A user who is asked for by pseudonym, as whoever looks may see him or her: by name once it is unlocked, or for whom names are shown. */

import { answer, api, BACKGROUND, Problem } from "../../api/client";
import { isHidden } from "../../app/staff";
import type { Named } from "./about";

export async function shownAs(entity: Named, signal: AbortSignal): Promise<{ entity: Named; pseudonym: string | undefined }> {
  if (!isHidden(entity)) return { entity, pseudonym: undefined };
  const pseudonym = entity.name;
  try {
    const known = await answer(api.POST("/api/v1/entities/risk", { body: { kind: "user", name: pseudonym }, headers: BACKGROUND, signal }));
    return { entity: { kind: "user", name: known.entity.name ?? pseudonym }, pseudonym };
  } catch (problem) {
    // no finding speaks of the person: the events do, by pseudonym
    if (problem instanceof Problem && problem.status === 404) return { entity, pseudonym };
    throw problem;
  }
}
