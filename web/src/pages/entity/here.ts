/** Ways from one entity to the next: the range of time that is looked at comes along. */

import { handleOf } from "../../app/handles";
import { router } from "../../app/router.svelte";
import { toasts } from "../../app/toasts.svelte";
import { sealed, type Named } from "./about";

const KEPT = ["range", "from", "until"] as const;

export async function follow(entity: Named): Promise<void> {
  try {
    const handle = await handleOf(sealed(entity));
    const query = new URLSearchParams(KEPT.flatMap((name) => (router.of(name) ? [[name, router.of(name) ?? ""]] : [])));
    router.go(`/entities/${handle}${query.size > 0 ? `?${query.toString()}` : ""}`);
  } catch (problem) {
    toasts.fault(problem);
  }
}
