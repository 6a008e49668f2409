/** What is asked on this page: what is written, what was asked last, and how that stands in the address. The answers are the views' own. */

import { untrack } from "svelte";
import { answer, api, Problem } from "../../api/client";
import { clock } from "../../app/clock.svelte";
import { rangeOf } from "../../app/range";
import { router } from "../../app/router.svelte";
import { toasts } from "../../app/toasts.svelte";
import { opened, sealed } from "./address";
import { isUnfinished } from "./complete";
import { filterFault, type Fault } from "./fault";
import { added, removed, standing } from "./filter";
import type { Kept, Mode } from "./saved";

/** What is looked at when nothing is said: all of it may be a lot. */
export const RANGE = "24h";

const SQL_FIRST = "select class_name, activity_name, count(*) as events\nfrom events\ngroup by 1, 2\norder by events desc\nlimit 100";

export interface Sought {
  readonly text: string;
  readonly from: string | undefined;
  readonly until: string | undefined;
  /** The node's clock when it was asked. */
  readonly now: Date;
}

export class Search {
  readonly mode = $derived<Mode>(router.of("mode") === "sql" ? "sql" : "filter");
  /** What is written, asked or not. */
  draft = $state<Record<Mode, string>>({ filter: "", sql: SQL_FIRST });
  fault = $state.raw<Fault | undefined>(undefined);
  /** Moves when the same is asked again. */
  #turn = $state(0);
  readonly #key = $derived(JSON.stringify([router.of("q"), router.of("range"), router.of("from"), router.of("until")]));
  /** What is asked now: moves with the address and when it is asked again. */
  readonly sought = $derived.by((): Promise<Sought> => {
    const [key] = [this.#key, this.#turn];
    return untrack(() => settle(key));
  });
  readonly hasQuestion = $derived(router.of("q") !== null);
  #last: Record<Mode, string | null> = { filter: null, sql: null };

  /** What the address says is written where it can be changed. */
  async open(mode: Mode, handle: string | null) {
    this.#last[mode] = handle;
    this.fault = undefined;
    if (handle === null) {
      if (mode === "filter") this.draft.filter = "";
      return;
    }
    // that it could not be opened is said where the answer would stand
    const text = await opened(handle).catch(() => undefined);
    if (text !== undefined && handle === this.#last[mode]) this.draft[mode] = text;
  }

  write(text: string) {
    this.draft[this.mode] = text;
    this.fault = undefined;
  }

  /** Asks what is written, also when it was asked before. */
  run() {
    return this.#go(this.mode, this.draft[this.mode]);
  }

  /** The same once more, as when the node did not answer. */
  again() {
    this.#turn += 1;
  }

  switchTo(mode: Mode) {
    if (mode !== this.mode) router.set({ mode: mode === "sql" ? mode : null, q: this.#last[mode], event: null, live: null });
  }

  /** Only events with a condition, or only those without; said twice, it is taken back. */
  narrow(wanted: string, isNot = false) {
    const base = this.mode === "filter" ? this.draft.filter : "";
    const isSo = standing(base, wanted) === (isNot ? "not" : "only");
    return this.#go("filter", isSo ? removed(base, wanted) : added(base, wanted, isNot));
  }

  /** What would be saved. */
  kept(): Kept {
    return { mode: this.mode, text: this.draft[this.mode].trim(), range: router.of("range"), columns: router.of("cols") };
  }

  async openKept({ mode, text, range, columns }: Kept) {
    await this.#go(mode, text, { range, cols: columns, from: null, until: null });
  }

  async #go(mode: Mode, written: string, more: Record<string, string | null> = {}) {
    const text = written.trim();
    try {
      const handle = text ? await sealed(text) : null;
      this.draft[mode] = written;
      const isSame = handle === router.of("q") && mode === this.mode && Object.keys(more).length === 0;
      if (isSame) this.again();
      else router.set({ mode: mode === "sql" ? mode : null, q: handle, event: null, ...(mode === "sql" ? { live: null } : {}), ...more });
    } catch (problem) {
      toasts.fault(problem);
    }
  }

  /** Whether what is written reads: asked of the node, which counts nothing for it. What is only not finished is no fault yet. */
  async check() {
    const filter = this.draft.filter;
    if (this.mode !== "filter" || !filter.trim() || isUnfinished(filter)) return;
    try {
      await answer(api.POST("/api/v1/events/facets", { body: { filter, columns: [] } }));
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 422 || this.draft.filter !== filter) return;
      this.fault = filterFault(problem.message, filter);
    }
  }
}

async function settle(key: string): Promise<Sought> {
  const [handle, range, from, until] = JSON.parse(key) as (string | null)[];
  // a replay has a clock of its own: without it a day back is another day
  if (!clock.node) await clock.ask();
  const text = handle ? await opened(handle) : "";
  const said = new URLSearchParams(from || until ? { ...(from ? { from } : {}), ...(until ? { until } : {}) } : { range: range ?? RANGE });
  return { text, ...rangeOf(said, clock.now), now: clock.now };
}
