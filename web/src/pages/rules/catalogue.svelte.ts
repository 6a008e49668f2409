/** All rules of the node with what was changed here, and how many finding groups of each are open. */

import { answer, api, BACKGROUND, type Schemas } from "../../api/client";
import { load } from "../../app/load.svelte";
import { session } from "../../app/session.svelte";
import { toasts } from "../../app/toasts.svelte";
import type { Rule } from "./catalogue";

const GROUPS_MAX = 1_000;

export interface OpenGroups {
  readonly of: ReadonlyMap<string, number>;
  /** There are more than were read. */
  readonly isCut: boolean;
}

export class Catalogue {
  readonly list = load<readonly Rule[]>(async (signal) => {
    void this.#turn;
    return (await answer(api.GET("/api/v1/rules", { headers: BACKGROUND, signal }))).items;
  });
  readonly #groups = load<OpenGroups | undefined>(async (signal) => {
    void this.#turn;
    if (!session.may("ReadFindings")) return undefined;
    const page = await answer(api.GET("/api/v1/finding-groups", { params: { query: { limit: GROUPS_MAX } }, headers: BACKGROUND, signal }));
    const of = new Map<string, number>();
    page.items.forEach((group: Schemas["FindingGroup"]) => of.set(group.rule, (of.get(group.rule) ?? 0) + 1));
    return { of, isCut: page.next !== null };
  });
  /** What was switched here and is not in the list yet. */
  #switched = $state.raw<ReadonlyMap<string, Partial<Rule>>>(new Map());
  #turn = $state(0);

  readonly rules = $derived((this.list.value ?? []).map((rule) => ({ ...rule, ...this.#switched.get(rule.id) })));
  readonly byId = $derived(new Map(this.rules.map((rule) => [rule.id, rule])));
  /** `undefined` when groups may not be read, or were not yet. */
  readonly groups = $derived(this.#groups.value);

  /** Open finding groups of a rule; where they may not be read, its findings since the node started. */
  readonly findings = (rule: Rule): number => (this.groups ? (this.groups.of.get(rule.id) ?? 0) : rule.findings);

  again() {
    this.#turn += 1;
  }

  /** Switches at once, and back when the node refuses. */
  async toggle(rule: Rule, isOn: boolean) {
    const before = this.#switched;
    this.#put(rule.id, { is_enabled: isOn, off_reason: isOn ? "" : "switched off by a person" });
    try {
      const now = await answer(api.PATCH("/api/v1/rules/{id}", { params: { path: { id: rule.id } }, body: { is_enabled: isOn } }));
      this.#put(rule.id, now);
      toasts.say(isOn ? "Switched on" : "Switched off", () => void this.toggle(rule, !isOn));
    } catch (problem) {
      this.#switched = before;
      toasts.fault(problem);
    }
  }

  #put(id: string, parts: Partial<Rule>) {
    this.#switched = new Map(this.#switched).set(id, parts);
  }
}
