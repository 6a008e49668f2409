/** What an entry of the audit log says, in words. Entries are written in `crates`; `sentences.test.ts` looks there for deeds that have no words here. Pure. */

import type { Schemas } from "../../api/client";
import { bytes, many, VERDICT_WORDS } from "../../app/words";
import { ofMicros } from "../settings/moments";
import { actionName, roleNames, siteNames } from "../settings/roles";

export type Entry = Schemas["AuditEntry"];
type Detail = Readonly<Record<string, unknown>>;

/** What a rule is called: by its title, where it is known. */
type RuleName = (id: string) => string;

interface Deed {
  /** As the filter lists it. */
  readonly name: string;
  /** Under which heading. */
  readonly of: string;
  /** What was done, after the name of who did it: `signed in`. */
  readonly says: (entry: Entry, detail: Detail, rule: RuleName) => string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const part = (value: unknown): Detail => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Detail) : {});
const amount = (value: unknown): number => (typeof value === "number" ? value : 0);
const and = (texts: readonly string[]): string => (texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`);

const whose = (entry: Entry) => (entry.target === entry.actor ? "their own" : `${entry.target}’s`);
const asIs = (detail: Detail) => `${roleNames(list(detail["roles"]))}; ${siteNames(detail["sites"] as string[] | null).toLowerCase()}${detail["locked"] === true ? "; locked" : ""}`;

const because = (detail: Detail) => (text(detail["reason"]) ? `: “${text(detail["reason"])}”` : "");

const REASONS: Readonly<Record<string, string>> = {
  "name or password": "the name or the password was wrong",
  code: "the code of the second factor was wrong",
  "begin-again": "it took too long or was begun in another browser",
  declined: "it was broken off at the provider",
  unavailable: "the provider did not answer",
  untrusted: "the answer of the provider could not be trusted",
  "no-role": "no group at the provider gives access",
  "no-second-factor": "an administrator without a second factor at the provider",
  locked: "the account is locked",
  "too-many": "there were too many attempts",
};

const GROUP_STATES: Readonly<Record<string, string>> = { open: "opened a finding again", acknowledged: "took a finding into work", closed: "closed a finding" };

function changedGroup(detail: Detail): string {
  const [from, to] = [part(detail["from"]), part(detail["to"])];
  const verdict = VERDICT_WORDS[text(to["verdict"]) as keyof typeof VERDICT_WORDS];
  const owner = text(to["owner"]);
  const said = [
    from["state"] !== to["state"] && (GROUP_STATES[text(to["state"])] ?? "changed a finding"),
    from["owner"] !== to["owner"] && (owner ? `gave it to ${owner}` : "gave it back"),
    detail["note_changed"] === true && "changed its note",
  ].filter((one) => typeof one === "string");
  const verb = said.length === 0 ? "changed a finding" : and(said).replace(/\b(it|its)\b/, (word) => (said.length === 1 && from["state"] === to["state"] ? (word === "it" ? "a finding" : "a finding’s") : word));
  return from["verdict"] !== to["verdict"] && verdict ? `${verb}: ${verdict.charAt(0).toLowerCase()}${verdict.slice(1)}` : verb;
}

/** What a suppression is about. */
function quietened(entry: Entry, detail: Detail, rule: RuleName): string {
  const entity = part(detail["entity"]);
  const fields = Array.isArray(detail["fields"]) ? detail["fields"].length : 0;
  const about = [
    text(detail["rule_id"]) && `rule ${rule(text(detail["rule_id"]))}`,
    text(entity["name"]) && `${text(entity["kind"])} ${text(entity["name"])}`,
    text(detail["source"]) && `source ${text(detail["source"])}`,
    fields > 0 && many(fields, "value"),
  ].filter((one) => typeof one === "string" && one !== "");
  const kind = detail["kind"] === "maintenance" ? "the maintenance window" : detail["kind"] === "exception" ? "the exception" : "the suppression";
  return `${kind} ${entry.target}${about.length > 0 ? ` for ${about.join(", ")}` : ""}${entry.site ? ` at ${entry.site}` : ""}`;
}

const until = (detail: Detail, name: string, word: string) => (ofMicros(detail[name]) ? `, ${word} ${ofMicros(detail[name])}` : "");
const JOBS: Readonly<Record<string, string>> = { review_accesses: "a review of accesses", backfill: "a run of rules over history", judge_history: "the judging of imported history", verify: "a proof of the store" };

export const DEEDS: Readonly<Record<string, Deed>> = {
  signed_in: { name: "Signed in", of: "Sign-in", says: () => "signed in" },
  sign_in_failed: { name: "Sign-in failed", of: "Sign-in", says: (entry, detail) => `could not sign in${entry.target && entry.target !== entry.actor ? ` as ${entry.target}` : ""}: ${REASONS[text(detail["reason"])] ?? (text(detail["reason"]) || "no reason is stated")}` },
  sessions_ended: { name: "Sessions ended", of: "Sign-in", says: (entry, detail) => `ended ${many(amount(detail["sessions"]), "session")} of user number ${entry.target}` },
  password_set: { name: "Password set", of: "Sign-in", says: (entry) => `set ${whose(entry)} password` },
  totp_set: { name: "Second factor set", of: "Sign-in", says: (entry) => `set up ${whose(entry)} second factor` },
  invitation_accepted: { name: "Invitation accepted", of: "Sign-in", says: (entry) => `chose ${whose(entry)} password by an invitation` },
  user_added: { name: "User added", of: "People and tokens", says: (entry, detail) => `added the user ${entry.target} (${asIs(detail)})` },
  user_changed: { name: "User changed", of: "People and tokens", says: (entry, detail) => `changed the user ${entry.target}: now ${asIs(detail)}` },
  user_reset: { name: "User reset", of: "People and tokens", says: (entry) => `took ${whose(entry)} password and second factor away` },
  user_invited: { name: "User invited", of: "People and tokens", says: (entry) => `made an invitation for ${entry.target}` },
  token_added: { name: "Token made", of: "People and tokens", says: (_, detail) => `made the token ${text(detail["name"])} (${roleNames(list(detail["roles"]))})${until(detail, "expires", "until")}` },
  token_revoked: { name: "Token revoked", of: "People and tokens", says: (_, detail) => `revoked the token ${text(detail["name"])}` },
  source_token_added: { name: "Sender’s token made", of: "People and tokens", says: (_, detail) => `made a token for the sender ${text(detail["source"])}${until(detail, "expires", "until")}` },
  source_token_revoked: { name: "Sender’s token revoked", of: "People and tokens", says: (_, detail) => `revoked a token of the sender ${text(detail["source"])}` },
  record_revealed: { name: "Patient revealed", of: "Patients", says: (_, detail) => `looked at what names a patient in a record${text(detail["reason"]) ? `: “${text(detail["reason"])}”` : ""}` },
  events_exported: { name: "Events exported", of: "Patients", says: (_, detail) => `took events out${text(detail["from"]) ? ` from ${text(detail["from"])}` : ""}${text(detail["until"]) ? ` until ${text(detail["until"])}` : ""}` },
  unlock_asked: { name: "Unlock asked for", of: "Staff", says: (entry, detail) => `asked to unlock the name of ${entry.target}${because(detail)}` },
  unlock_agreed: { name: "Name unlocked", of: "Staff", says: (entry, detail) => `agreed to unlock the name of ${entry.target}, as ${text(detail["asked_by"])} had asked${because(detail)}` },
  unlock_refused: { name: "Unlock refused", of: "Staff", says: (entry, detail) => `refused to unlock the name of ${entry.target}, as ${text(detail["asked_by"])} had asked${because(detail)}` },
  unlock_ended: { name: "Unlock ended", of: "Staff", says: (entry) => `ended the unlock of ${entry.target}: the name is hidden again` },
  glass_broken: { name: "Emergency access", of: "Patients", says: (entry) => `used emergency access: ${actionName(entry.target).toLowerCase()}` },
  group_changed: { name: "Finding changed", of: "Findings", says: (_, detail) => changedGroup(detail) },
  review_started: { name: "Review started", of: "Privacy cases", says: () => "started a review of accesses" },
  incidents_recorded: { name: "Review kept", of: "Privacy cases", says: (_, detail) => `kept what a review of accesses came to: ${reviewed(detail)}` },
  incident_changed: { name: "Case changed", of: "Privacy cases", says: (_, detail) => changedCase(detail) },
  verdict_teaches: { name: "What a verdict teaches", of: "Findings", says: (_, detail) => (detail["teaches"] === true ? "let a verdict change later scores again" : "took back what a verdict does to later scores") },
  behaviour_forgotten: { name: "Behaviour forgotten", of: "Findings", says: (entry, detail) => `had what was learnt of ${entry.target} forgotten${because(detail)}` },
  incident_read: { name: "Case read", of: "Privacy cases", says: () => "read a privacy case" },
  incident_exported: { name: "Case taken out", of: "Privacy cases", says: (_, detail) => `took a privacy case out${detail["format"] === "html" ? ", to print" : " as data"}` },
  record_accesses_read: { name: "Accesses to a record read", of: "Patients", says: (entry, detail) => `${detail["as"] === "json" ? "looked at" : "took out"} ${detail["as"] === "disclosures_csv" ? "the accounting of disclosures" : "who opened the record"} of ${entry.target} (${many(amount(detail["accesses"]), "access", "accesses")})` },
  incident_deleted: { name: "Case deleted", of: "Privacy cases", says: (_, detail) => `deleted a privacy case that was ${detail["state"] === "withdrawn" ? "withdrawn" : "unfounded"}, after its time` },
  models_asked: { name: "Alerts asked for", of: "Findings", says: (_, detail) => `asked all models together for ${many(amount(detail["alerts_per_week"]), "alert")} a week` },
  mute_added: { name: "Suppression added", of: "Findings", says: (entry, detail, rule) => `added ${quietened(entry, detail, rule)}${until(detail, "ends", "until")}` },
  mute_ended: { name: "Suppression ended", of: "Findings", says: (entry, detail, rule) => `ended ${quietened(entry, detail, rule)}` },
  search_saved: { name: "Search saved", of: "Findings", says: (_, detail) => (detail["shared"] === true ? "saved a search for others to use" : "saved a search") },
  search_changed: { name: "Search changed", of: "Findings", says: () => "changed a saved search" },
  search_removed: { name: "Search removed", of: "Findings", says: () => "removed a saved search" },
  rule_switched: { name: "Rule switched", of: "Rules", says: (entry, detail, rule) => `switched the rule ${rule(entry.target)} ${detail["is_enabled"] === true ? "on" : "off"}` },
  rules_reloaded: { name: "Rules read again", of: "Rules", says: () => "had the rules read again" },
  rule_tested: { name: "Rule tried", of: "Rules", says: () => "tried a rule on stored events" },
  backfill_started: { name: "Rules run over history", of: "Rules", says: (_, detail) => `ran ${list(detail["rules"]).length > 0 ? many(list(detail["rules"]).length, "rule") : "rules"} over stored events${detail["tell"] === true ? ", and people are told" : ""}` },
  history_judged: { name: "Imported history judged", of: "Rules", says: () => "had imported history judged" },
  hold_added: { name: "Legal hold added", of: "Store", says: (entry, detail) => `added the legal hold ${entry.target} of ${text(detail["owner"])}${until(detail, "review", "to be looked at again")}` },
  hold_ended: { name: "Legal hold released", of: "Store", says: (entry, detail) => `released the legal hold ${entry.target} of ${text(detail["owner"])}` },
  data_removed: { name: "Data removed", of: "Store", says: (_, detail) => `removed what was received from ${text(detail["from"])} to ${text(detail["to"])}: ${many(amount(detail["events"]), "event")}, ${many(amount(detail["records"]), "original record")}, ${bytes(amount(detail["bytes"]))} (${text(detail["why"])})` },
  verify_started: { name: "Proof started", of: "Store", says: () => "started a proof of the store" },
  backup_started: { name: "Moment frozen", of: "Store", says: () => "froze a moment of the store for a backup" },
  backup_ended: { name: "Moment given up", of: "Store", says: () => "gave the frozen moment up" },
  job_added: { name: "Job added", of: "Store", says: (_, detail) => `started ${JOBS[text(detail["kind"])] ?? `the job ${text(detail["kind"])}`}` },
  job_stopped: { name: "Job stopped", of: "Store", says: (_, detail) => `stopped ${JOBS[text(detail["kind"])] ?? `the job ${text(detail["kind"])}`}` },
  source_declared: { name: "Source declared", of: "Node", says: (entry) => `declared the source ${entry.target}` },
  setting_changed: { name: "Setting changed", of: "Node", says: (entry) => (entry.target === "rules_off" || entry.target === "rules_on" ? `changed which rules are switched ${entry.target.slice(6)}` : `changed the setting ${entry.target}`) },
  settings_reloaded: { name: "Settings read again", of: "Node", says: (_, detail) => reloaded(detail) },
  letter_put_back: { name: "Letter put back", of: "Node", says: () => "put a letter back to be sent again" },
  notification_tested: { name: "Notification tested", of: "Node", says: (entry, detail) => `sent a test to ${entry.target}: ${amount(detail["failed"]) === 0 ? "all was taken" : `${amount(detail["failed"])} of ${many(amount(detail["ways"]), "way")} failed`}` },
};

/** What the custody list of a case calls what was done. */
const CASE_DEEDS: Readonly<Record<string, string>> = {
  state: "changed the state of a privacy case",
  owner: "gave a privacy case to somebody",
  comment: "commented a privacy case",
  task_added: "added a task to a privacy case",
  task_done: "did a task of a privacy case",
  task_undone: "opened a task of a privacy case again",
  request_proposed: "proposed to ask for a reason in a privacy case",
  request_approved: "approved that a reason be asked for in a privacy case",
  request_refused: "refused that a reason be asked for in a privacy case",
  request_sent: "noted that a request for a reason was handed over",
  reply: "entered an answer in a privacy case",
  correction: "entered a correction in a privacy case",
  assessment: "weighed the four factors of a privacy case",
  untaught: "had the verdict on a privacy case no longer count in later reviews",
  taught: "had the verdict on a privacy case count in later reviews again",
};

function changedCase(detail: Detail): string {
  const deed = text(detail["deed"]);
  if (deed === "verdict") return `decided a privacy case: ${text(detail["verdict"]).replaceAll("_", " ")}`;
  return CASE_DEEDS[deed] ?? "changed a privacy case";
}

function reviewed(detail: Detail): string {
  const counts = [["opened", "new"], ["renewed", "with newer evidence"], ["returned", "found again"], ["withdrawn", "withdrawn"]].map(([name, word]) => ({ count: list(detail[name ?? ""]).length, word }));
  const said = counts.filter(({ count }) => count > 0).map(({ count, word }) => `${many(count, "case")} ${word}`);
  return and(said) || "no case changed";
}

function reloaded(detail: Detail): string {
  const [changed, waits] = [list(detail["changed"]), list(detail["needs_restart"])];
  const said = [changed.length > 0 && `${changed.join(", ")} changed`, waits.length > 0 && `${waits.join(", ")} ${waits.length === 1 ? "waits" : "wait"} for a restart`].filter((one) => typeof one === "string");
  return `had the settings read again${said.length > 0 ? `: ${said.join("; ")}` : ": nothing had changed"}`;
}

/** What was done. A deed of a later version is told by its own word. `titles`: of rules, by id. */
export function deedOf(entry: Entry, titles: ReadonlyMap<string, string> = new Map()): string {
  const deed = DEEDS[entry.action];
  const rule = (id: string) => (titles.has(id) ? `“${titles.get(id)}”` : id);
  return deed ? deed.says(entry, part(entry.detail), rule) : `${entry.action.replaceAll("_", " ")}${entry.target ? ` ${entry.target}` : ""}`;
}

const ACTORS: Readonly<Record<string, string>> = {
  node: "The node",
  nobody: "Somebody not signed in",
  "console of the node": "Somebody at the machine",
};

/** Who did it: a person by name, a token as one, the node itself, the command line of its machine. */
export function actorOf(actor: string): string {
  return ACTORS[actor] ?? (actor.startsWith("token/") ? `Token ${actor.slice(6)}` : actor);
}

/** The same within a sentence. */
export function whoOf(actor: string): string {
  const name = actorOf(actor);
  return name === actor ? name : name.charAt(0).toLowerCase() + name.slice(1);
}

/** Deeds by heading, for the filter. */
export function deedsByHeading(): readonly { readonly of: string; readonly deeds: readonly { readonly action: string; readonly name: string }[] }[] {
  const all = Object.entries(DEEDS);
  return [...new Set(all.map(([, deed]) => deed.of))].map((of) => ({ of, deeds: all.filter(([, deed]) => deed.of === of).map(([action, deed]) => ({ action, name: deed.name })) }));
}

/** Kinds of things that entries name, for the filter. */
export const KINDS: readonly { readonly kind: string; readonly name: string }[] = [
  { kind: "user", name: "Users" },
  { kind: "token", name: "Tokens" },
  { kind: "source_token", name: "Tokens of senders" },
  { kind: "group", name: "Findings" },
  { kind: "mute", name: "Suppressions" },
  { kind: "incident", name: "Privacy cases" },
  { kind: "review", name: "Reviews of accesses" },
  { kind: "event", name: "Records" },
  { kind: "entity", name: "Users, hosts, devices" },
  { kind: "patient", name: "Who opened a record" },
  { kind: "events", name: "Exports" },
  { kind: "action", name: "Emergency access" },
  { kind: "pseudonym", name: "Pseudonyms of staff" },
  { kind: "rule", name: "Single rules" },
  { kind: "rules", name: "All rules" },
  { kind: "models", name: "Models" },
  { kind: "saved_search", name: "Saved searches" },
  { kind: "hold", name: "Legal holds" },
  { kind: "store", name: "The store" },
  { kind: "job", name: "Jobs" },
  { kind: "source", name: "Sources" },
  { kind: "setting", name: "Single settings" },
  { kind: "settings", name: "The settings file" },
  { kind: "letter", name: "Letters" },
  { kind: "recipients", name: "Recipients" },
];
