/** To the page of whom or what something is about: the address holds a handle, never the name. */

import type { Entity } from "../api/client";
import { handleOf } from "./handles";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

export async function openEntity(entity: Entity): Promise<void> {
  if (!entity.name) return;
  try {
    router.go(`/entities/${await handleOf(JSON.stringify([entity.kind, entity.name]))}`);
  } catch (problem) {
    toasts.fault(problem);
  }
}
