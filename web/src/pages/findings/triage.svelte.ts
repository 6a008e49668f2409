/** Changes of groups by people: shown at once, taken back when the node refuses them. */

import { answer, api, Problem, type Group, type Schemas } from "../../api/client";
import { session } from "../../app/session.svelte";
import { toasts } from "../../app/toasts.svelte";

export type Patch = Schemas["GroupPatch"];

class Triage {
  /** What was changed here and is not in what the list holds yet, by id. */
  changed = $state.raw<ReadonlyMap<string, Group>>(new Map());
  /** Changes that are on their way, by id. */
  readonly #sent = new Map<string, Promise<Group>>();

  /** A group as it is with what was changed here. */
  seen(group: Group): Group {
    const mine = this.changed.get(group.id);
    return mine && mine.revision >= group.revision ? mine : group;
  }

  /** Changes groups; `says` is the word for what was done. */
  async change(groups: readonly Group[], patch: Patch, says: string) {
    const before = groups.map((group) => this.seen(group));
    this.#put(before.map((group) => ({ ...group, ...patch }) as Group));
    const done = await Promise.allSettled(before.map((group) => this.#send(group, patch)));
    const failed = done.flatMap((one, place) => (one.status === "rejected" ? [{ group: before[place], reason: one.reason as unknown }] : []));
    this.#put(done.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
    this.#put(failed.flatMap(({ group }) => (group ? [group] : [])));
    const first = failed[0];
    if (first) toasts.fault(refusal(first.reason, failed.length, groups.length));
    const kept = done.flatMap((one, place) => (one.status === "fulfilled" ? [{ now: one.value, was: before[place] }] : []));
    if (kept.length > 0) toasts.say(`${says}${kept.length > 1 ? `: ${kept.length} groups` : ""}`, () => void this.#undo(kept));
  }

  /** Takes it for oneself, or gives it back. */
  assign(groups: readonly Group[]) {
    const me = session.me?.name ?? null;
    const mine = groups.length > 0 && groups.every((group) => this.seen(group).owner === me);
    return this.change(groups, mine ? { owner: null } : { owner: me, state: "acknowledged" }, mine ? "Given back" : "Yours now");
  }

  /** One change of a group after the other: what was done here just before is no change by somebody else. */
  #send(group: Group, patch: Patch): Promise<Group> {
    const before = this.#sent.get(group.id);
    const sent = (before ?? Promise.resolve(group)).catch(() => group).then((last) => {
      const revision = Math.max(group.revision, last.revision);
      return answer(api.PATCH("/api/v1/finding-groups/{id}", { params: { path: { id: group.id }, header: { "If-Match": `"${revision}"` } }, body: patch }));
    });
    this.#sent.set(group.id, sent);
    sent.finally(() => this.#sent.get(group.id) === sent && this.#sent.delete(group.id)).catch(() => undefined);
    return sent;
  }

  async #undo(kept: readonly { now: Group; was: Group | undefined }[]) {
    for (const { now, was } of kept) {
      if (!was) continue;
      const patch: Patch = { state: was.state, owner: was.owner, verdict: was.verdict, note: was.note };
      await this.#send(now, patch).then((group) => this.#put([group]), toasts.fault.bind(toasts));
    }
  }

  #put(groups: readonly Group[]) {
    const next = new Map(this.changed);
    groups.forEach((group) => next.set(group.id, group));
    this.changed = next;
  }
}

function refusal(reason: unknown, failed: number, all: number): unknown {
  if (reason instanceof Problem && reason.status === 412) return new Error("Somebody else changed it meanwhile. What they did shows now; do yours again if it still fits.");
  if (failed < 2) return reason;
  return new Error(`${failed} of ${all} were not changed: ${reason instanceof Error ? reason.message : String(reason)}`);
}

export const triage = new Triage();
