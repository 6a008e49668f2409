/** Who or what an entity page is about, and the filter that finds its events (`docs/specs/query.md`). Pure. */

import type { EntityKind, Group } from "../../api/client";
import { KIND_WORDS, LEVELS, LEVEL_WORDS, many } from "../../app/words";

/** An entity with its name: who may not see the name has no page. */
export interface Named {
  readonly kind: EntityKind;
  readonly name: string;
}

const KINDS: readonly EntityKind[] = ["user", "host", "device", "patient", "source"];

/** What a handle of this page holds: `["user","a.isbell"]`. */
export function sealed({ kind, name }: Named): string {
  return JSON.stringify([kind, name]);
}

/** The entity of a handle's text; `undefined` when the text is of another page. */
export function unsealed(text: string): Named | undefined {
  try {
    const [kind, name] = JSON.parse(text) as unknown[];
    const known = KINDS.find((one) => one === kind);
    return known && typeof name === "string" && name !== "" ? { kind: known, name } : undefined;
  } catch {
    return undefined;
  }
}

/** A value as the filter language takes it whole: nothing in it means anything. */
export function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** What the events of an entity have in common. */
export function filterOf({ kind, name }: Named): string {
  switch (kind) {
    case "user":
      return ofUser(name);
    case "host":
      return isAddress(name) ? `ip:${name}` : ofHost(name);
    case "device":
      return ["medical_device_uid", "dicom_calling_ae", "dicom_called_ae", "host"].map((field) => `${field}:${quoted(name)}`).join(" or ");
    case "patient":
      return `patient:${quoted(name)}`;
    case "source":
      return `source:${quoted(name)}`;
  }
}

/** How the events are found, where that is not plain to see; `undefined` where it is. */
export function meaningOf({ kind, name }: Named): string | undefined {
  if (kind === "user" && split(name)) return `Events of the account ${split(name)?.account} in the domain ${split(name)?.domain}.`;
  if (kind === "host" && isAddress(name)) return "Events from or to this address. The same machine may have a page under its name.";
  if (kind === "host") return `Events that name it with or without its domain (${shortOf(name)}). Those that state only its address are on the page of the address.`;
  if (kind === "patient") return "A pseudonym: this node never keeps the name in what can be searched.";
  return undefined;
}

/** `this user`, `this patient`: as sentences speak of it. */
export function calledOf({ kind }: Named): string {
  return `this ${KIND_WORDS[kind].toLowerCase()}`;
}

export interface Against {
  readonly says: string;
  /** What was seen first. */
  readonly first: Group;
}

/** How many findings are not closed, how bad they are and with which they began; `undefined` where there is none that weighs anything. */
export function againstOf(entity: Named, groups: readonly Group[]): Against | undefined {
  const open = groups.filter((group) => group.state !== "closed" && group.level !== "informational");
  const worst = LEVELS.find((level) => open.some((group) => group.level === level));
  const first = open.reduce<Group | undefined>((one, group) => (one && one.first <= group.first ? one : group), undefined);
  if (!worst || !first) return undefined;
  const level = LEVEL_WORDS[worst].toLowerCase();
  return { first, says: `${many(open.length, "finding")} about ${calledOf(entity)} ${open.length === 1 ? `is open: it is ${level}` : `are open, the worst of them ${level}`}.` };
}

/** Sources and the accounts of machines themselves bear no risk (`crates/store/src/state/entity.rs`). */
export function bearsRisk({ kind, name }: Named): boolean {
  if (kind === "source") return false;
  if (kind !== "user") return true;
  const account = (name.split("\\").at(-1) ?? name).toLowerCase();
  return !account.endsWith("$") && !MACHINE_ACCOUNTS.has(account);
}

const MACHINE_ACCOUNTS: ReadonlySet<string> = new Set(["system", "local service", "network service", "localsystem", "root", "anonymous logon", "window manager", "0", "s-1-5-18"]);

/** `LAKESIDE\a.isbell`: tables keep account and domain apart, findings have them as the record wrote them. */
function split(name: string): { domain: string; account: string } | undefined {
  const [domain, account, ...more] = name.split("\\");
  return domain && account && more.length === 0 ? { domain, account } : undefined;
}

function ofUser(name: string): string {
  const parts = split(name);
  return parts ? `user:${quoted(name)} or (user:${quoted(parts.account)} domain_name:${quoted(parts.domain)})` : `user:${quoted(name)}`;
}

export function shortOf(host: string): string {
  return host.split(".")[0] || host;
}

/** The same machine is `ws1` in one log and `WS1.lakeside.example` in another. */
function ofHost(name: string): string {
  const short = shortOf(name);
  if (short !== name) return `host:(${quoted(name)} or ${quoted(short)})`;
  return /^[\w-]+$/.test(name) ? `host:(${quoted(name)} or ${name}.*)` : `host:${quoted(name)}`;
}

export function isAddress(name: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*$/i.test(name);
}
