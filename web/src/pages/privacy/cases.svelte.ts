/** Cases as the queue lists them: page after page, worst first, without what is dealt with unless it is asked for. */

import { Problem } from "../../api/client";
import { load, type Loaded } from "../../app/load.svelte";
import { toasts } from "../../app/toasts.svelte";
import { readPage, type Owner, type Page, type Summary } from "./incidents";
import { isOpen, STATES } from "./words";

const PAGE_ROWS = 200;

export interface Chosen {
  /** A state, `all`, or `null`: what somebody has to do something about. */
  readonly state: string | null;
  readonly owner: Owner | undefined;
}

export class Cases {
  readonly first: Loaded<Page>;
  #older = $state.raw<readonly Summary[]>([]);
  #next: string | null = null;
  #isReading = false;
  #turn = $state(0);
  readonly #chosen: () => Chosen;

  /** For a page while it is set up. */
  constructor(chosen: () => Chosen) {
    this.#chosen = chosen;
    this.first = load(async (signal) => {
      void this.#turn;
      const batch = await read(chosen(), undefined, signal);
      this.#next = batch.next;
      this.#older = [];
      return batch;
    });
  }

  get cases(): readonly Summary[] {
    const known = new Set<string>();
    return [...(this.first.value?.items ?? []), ...this.#older].filter((one) => !known.has(one.id) && known.add(one.id));
  }

  again() {
    this.#turn += 1;
  }

  async more() {
    if (!this.#next || this.#isReading) return;
    this.#isReading = true;
    const before = JSON.stringify(this.#chosen());
    try {
      const batch = await read(this.#chosen(), this.#next);
      if (before !== JSON.stringify(this.#chosen())) return;
      this.#next = batch.next;
      this.#older = [...this.#older, ...batch.items];
    } catch (problem) {
      if (!(problem instanceof Problem && problem.isAway)) toasts.fault(problem);
    } finally {
      this.#isReading = false;
    }
  }
}

async function read({ state, owner }: Chosen, from: string | undefined, signal?: AbortSignal): Promise<Page> {
  const states = state === "all" ? undefined : (state ?? STATES.filter(isOpen).join(","));
  return readPage({ limit: PAGE_ROWS, ...(states ? { state: states } : {}), ...(owner ? { owner } : {}), ...(from ? { cursor: from } : {}) }, signal);
}
