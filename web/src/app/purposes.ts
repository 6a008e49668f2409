/** What somebody may need a record or an export for: the closed list of the policies (`docs/specs/access.md`), in words. */

export type Purpose = "security_investigation" | "privacy_investigation" | "treatment" | "patient_request" | "legal" | "operations";

export const PURPOSES: readonly { readonly value: Purpose; readonly name: string }[] = [
  { value: "privacy_investigation", name: "Investigating who looked at a record" },
  { value: "security_investigation", name: "Investigating an attack" },
  { value: "treatment", name: "Treating the patient" },
  { value: "patient_request", name: "The patient asks" },
  { value: "legal", name: "A legal duty" },
  { value: "operations", name: "Running this node" },
];
