/** Normal and now: what is measured of an entity beside its own usual and that of its peers. The pictures and sentences are pure. */

import { answer, api, BACKGROUND, type Schemas } from "../../api/client";
import { bytes } from "../../app/words";
import type { Named } from "./about";

export type Behaviour = Schemas["EntityBehaviour"];

/** Something that is measured: `usual` is the entity's own, `peers` what 99 of 100 values of its peers do not pass. */
export type Feature = Schemas["BehaviourFeature"];

/** Without features: nothing was learnt of it. */
export function readBehaviour(entity: Named, signal: AbortSignal): Promise<Behaviour> {
  return answer(api.POST("/api/v1/entities/behaviour", { body: entity, headers: BACKGROUND, signal }));
}

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** A value in its unit: bytes are read as KiB and MiB. */
export function valued(value: number, unit: string): string {
  if (unit === "bytes") return bytes(value);
  return `${number.format(value)}${unit ? ` ${value === 1 ? single(unit) : unit}` : ""}`;
}

/** Units of the node are plural: `addresses`, `queries`, `records`. */
function single(unit: string): string {
  return unit.replace(/ies$/, "y").replace(/(ss|sh|ch)es$/, "$1").replace(/([^s])s$/, "$1");
}

export type Standing = "unusual" | "own" | "within" | "unknown";

/** Where a value stands: above its own usual and all peers, above its own only, or within. */
export function standingOf({ now, usual, peers }: Feature): Standing {
  if (now === null || (usual === null && peers === null)) return "unknown";
  const [isAboveOwn, isAbovePeers] = [usual !== null && now > usual, peers !== null && now > peers];
  if (isAbovePeers && (usual === null || isAboveOwn)) return "unusual";
  return isAboveOwn ? "own" : "within";
}

/** `412 records; usual 9, peers at most 31.` */
export function sentenceOf({ now, usual, peers, unit }: Feature): string {
  const plain = (value: number) => valued(value, unit === "bytes" ? unit : "");
  const seen = now === null ? "Nothing now" : `${valued(now, unit)} now`;
  if (usual === null && peers === null) return `${seen}; there is no normal yet.`;
  const own = usual === null ? "no usual of its own yet" : `usual ${plain(usual)}`;
  const others = peers === null ? "no peers to compare with" : `peers at most ${plain(peers)}`;
  return `${seen}; ${own}, ${others}.`;
}

export interface RangePicture {
  /** Each 0 to 1 of the width; `null` where there is none. */
  readonly now: number | null;
  readonly usual: number | null;
  readonly peers: number | null;
  /** Equal steps are equal times more: the values lie too far apart for a plain scale. */
  readonly isLog: boolean;
}

/** Values apart by more than this are shown by how many times more they are. */
const APART = 12;
/** Free room at the end. */
const ROOM = 1.08;

/** Places of the values on one scale that begins at nothing. */
export function pictureOf({ now, usual, peers }: Feature): RangePicture {
  const known = [now, usual, peers].filter((value): value is number => value !== null && value > 0);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (known.length === 0) return { now: now === null ? null : 0, usual: usual === null ? null : 0, peers: peers === null ? null : 0, isLog: false };
  const isLog = high / low > APART;
  const scale = (value: number) => (isLog ? Math.log1p(value / low) / Math.log1p(high / low) : value / high);
  const at = (value: number | null) => (value === null ? null : Math.max(0, scale(Math.max(0, value))) / ROOM);
  return { now: at(now), usual: at(usual), peers: at(peers), isLog };
}

const ORDER: readonly Standing[] = ["unusual", "own", "within", "unknown"];

/** What stands out first; else in the node's order. */
export function sorted(features: readonly Feature[]): Feature[] {
  return [...features].sort((one, other) => ORDER.indexOf(standingOf(one)) - ORDER.indexOf(standingOf(other)));
}

/** Kinds of entities of which something is learnt. */
export function isLearnt({ kind }: Named): boolean {
  return kind === "user" || kind === "host" || kind === "device";
}
