/** What each role may do, in words. The table of the policies (`crates/policy/data/matrix.md`) decides; `roles.test.ts` compares this with it. */

import type { Schemas } from "../../api/client";

export type Role = Schemas["Role"];

export const ROLES: readonly { readonly role: Role; readonly name: string; readonly does: string }[] = [
  { role: "analyst", name: "Analyst", does: "Finds out what is happening: events, findings, rules" },
  { role: "privacy_officer", name: "Privacy officer", does: "Looks into accesses to records of patients" },
  { role: "responder", name: "Responder", does: "Works on findings" },
  { role: "auditor", name: "Auditor", does: "Checks what was done; sees no event" },
  { role: "administrator", name: "Administrator", does: "Runs the node; sees no event. Needs a second factor" },
];

export function roleName(role: string): string {
  return ROLES.find((one) => one.role === role)?.name ?? role;
}

export function roleNames(roles: readonly string[]): string {
  return roles.map(roleName).join(", ");
}

/** `All sites`, or which. */
export function siteNames(sites: readonly string[] | null | undefined): string {
  return sites ? sites.join(", ") || "no site" : "All sites";
}

export interface Right {
  readonly actions: readonly string[];
  readonly does: string;
  /** Who may, and under which condition; `""`: without one. Who is not named may not. */
  readonly by: Readonly<Partial<Record<Role, string>>>;
}

const ALL = { analyst: "", privacy_officer: "", responder: "", auditor: "", administrator: "" } as const;
const HEALTH = "only accesses to records";

/** Who has several roles may do what any of them may. */
export const RIGHTS: readonly Right[] = [
  { actions: ["SearchEvents", "ReadEntities", "ReadEvidence"], does: "Search events, read original records with patients masked", by: { analyst: "", privacy_officer: HEALTH, responder: "" } },
  { actions: ["ExportEvents"], does: "Take events out in bulk", by: { analyst: "for a stated purpose", privacy_officer: `${HEALTH}, for a stated purpose` } },
  { actions: ["RevealEvidence"], does: "See what names a patient", by: { analyst: "in an emergency", privacy_officer: `${HEALTH}, for a stated purpose`, responder: "in an emergency" } },
  { actions: ["ReadFindings"], does: "Read findings", by: { analyst: "", privacy_officer: HEALTH, responder: "", auditor: "names hidden" } },
  { actions: ["TriageFindings"], does: "Take, note and close findings", by: { analyst: "", privacy_officer: HEALTH, responder: "" } },
  { actions: ["MuteFindings"], does: "Suppress findings", by: { analyst: "", privacy_officer: HEALTH } },
  { actions: ["ReadIncidents", "WorkIncidents", "ApproveRequests", "DecideIncidents"], does: "Review accesses to records, work on privacy cases and decide them", by: { privacy_officer: "not about their own office", auditor: "only about the privacy office" } },
  { actions: ["ReadStaffBehaviour", "ForgetBehaviour"], does: "See how people who work here behave, have it forgotten", by: { privacy_officer: "" } },
  { actions: ["ReadRules"], does: "Read rules", by: ALL },
  { actions: ["ChangeRules", "RunBackfill"], does: "Switch rules, run them over history", by: { analyst: "", administrator: "" } },
  { actions: ["TestRules"], does: "Try rules on stored events", by: { analyst: "" } },
  { actions: ["ReadSources"], does: "See sources", by: ALL },
  { actions: ["ChangeSources", "RunImport"], does: "Change sources and their tokens, import old logs", by: { administrator: "" } },
  { actions: ["UseOwnAccount", "ReadSavedSearches", "ChangeSavedSearches"], does: "Own account, saved searches", by: ALL },
  { actions: ["ReadHealth", "ReadJobs"], does: "See how the node is, and own jobs", by: ALL },
  { actions: ["StopJobs"], does: "Stop own jobs", by: { analyst: "", privacy_officer: "", administrator: "" } },
  { actions: ["ReadAudit", "ReadHolds"], does: "Read the audit log and legal holds", by: { privacy_officer: "", auditor: "", administrator: "" } },
  { actions: ["ChangeHolds"], does: "Add and release legal holds", by: { privacy_officer: "", administrator: "" } },
  { actions: ["AskUnlock"], does: "Ask to unlock a pseudonym of staff", by: { analyst: "", privacy_officer: "", responder: "", auditor: "" } },
  { actions: ["AgreeUnlock"], does: "Agree to unlock one, as the second person", by: { analyst: "", privacy_officer: "", responder: "", administrator: "" } },
  { actions: ["ReadUnlocks"], does: "See which are unlocked", by: ALL },
  { actions: ["RunVerify"], does: "Prove the store", by: { analyst: "", auditor: "", administrator: "" } },
  { actions: ["RunBackup"], does: "Back up", by: { administrator: "" } },
  { actions: ["ReadSettings", "ReadUsers", "ReadTokens", "ReadNotifications", "ReadMetrics"], does: "See settings, users, tokens, notification", by: { auditor: "", administrator: "" } },
  { actions: ["ChangeSettings", "ChangeUsers", "ChangeTokens", "ChangeNotifications", "TestNotifications"], does: "Change settings, users, tokens, notification", by: { administrator: "" } },
];

/** Single actions, as somebody who makes a token reads them. */
export const ACTIONS: Readonly<Record<string, string>> = {
  SearchEvents: "Search events, count and follow them",
  ExportEvents: "Take events out in bulk",
  ReadFindings: "Read findings and follow them",
  TriageFindings: "Change state, owner, verdict and note of findings",
  MuteFindings: "Add and end suppressions",
  ReadIncidents: "Read privacy cases and how reviews went",
  WorkIncidents: "Work on privacy cases, start a review",
  ApproveRequests: "Approve that a reason is asked for",
  DecideIncidents: "Decide privacy cases",
  ReadStaffBehaviour: "See how people behave beside their own normal",
  ForgetBehaviour: "Have what was learnt of somebody forgotten",
  ReadEvidence: "Read original records, patients masked",
  RevealEvidence: "Read original records with what names a patient",
  ReadEntities: "Read users, hosts, devices and their risk",
  TestRules: "Try a rule on stored events",
  ReadSources: "Read sources and their counts",
  ChangeSources: "Change sources and their tokens",
  RunImport: "Load old logs",
  UseOwnAccount: "Ask who one is",
  ReadSavedSearches: "Read saved searches",
  ChangeSavedSearches: "Change saved searches",
  ReadRules: "Read rules",
  ChangeRules: "Switch rules on and off",
  RunBackfill: "Run rules over stored events",
  ReadJobs: "Read jobs and their progress",
  StopJobs: "Stop jobs",
  RunVerify: "Prove the store",
  RunBackup: "Back the node up",
  ReadSettings: "Read settings",
  ChangeSettings: "Change settings",
  ReadUsers: "Read users",
  ChangeUsers: "Change users",
  ReadTokens: "Read tokens",
  ChangeTokens: "Make and revoke tokens",
  ReadAudit: "Read the audit log",
  ReadHolds: "Read legal holds",
  ChangeHolds: "Add and release legal holds",
  ReadHealth: "Ask how the node is",
  ReadMetrics: "Read metrics",
  ReadNotifications: "See how notification is",
  ChangeNotifications: "Put letters back",
  TestNotifications: "Send test messages",
  ReadUnlocks: "See which pseudonyms of staff are unlocked",
  AskUnlock: "Ask to unlock one: for people, not for programs",
  AgreeUnlock: "Agree to unlock one: for people, not for programs",
};

export function actionName(action: string): string {
  return ACTIONS[action] ?? action;
}

/** Actions that any of the roles gives, in the order of the table. */
export function actionsOf(roles: readonly Role[]): string[] {
  return RIGHTS.filter((right) => roles.some((role) => right.by[role] !== undefined)).flatMap((right) => right.actions);
}

/** Which roles may do it, for who may not: `Auditor or Administrator`. */
export function whoMay(actions: readonly string[]): string {
  const rights = RIGHTS.filter((right) => right.actions.some((action) => actions.includes(action)));
  const names = ROLES.filter(({ role }) => rights.some((right) => right.by[role] !== undefined)).map(({ name }) => name);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
