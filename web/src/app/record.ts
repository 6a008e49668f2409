/** To the page that tells who opened the record of a patient: the address holds a handle of the pseudonym, never the pseudonym. */

import { handleOf } from "./handles";
import { router } from "./router.svelte";
import { toasts } from "./toasts.svelte";

export async function openRecord(patientRef: string): Promise<void> {
  try {
    router.go(`/privacy/records/${await handleOf(patientRef)}`);
  } catch (problem) {
    toasts.fault(problem);
  }
}
