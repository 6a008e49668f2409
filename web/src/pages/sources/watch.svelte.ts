/** How fast sources send since somebody looks: the last minute of polls. */

import { pollOf, ratesOf, type Poll, type Source } from "./health";

/** How often sources are asked for while somebody looks. */
export const POLL_MS = 10_000;
const POLLS_MAX = 7;

export class Watch {
  rates = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** Records that were not kept since somebody looks, by source. */
  lost = $state.raw<ReadonlyMap<string, number>>(new Map());
  #polls: Poll[] = [];
  #first: Poll | undefined;

  saw(sources: readonly Source[]) {
    const poll = pollOf(sources, performance.now());
    this.#first ??= poll;
    this.#polls = [...this.#polls, poll].slice(-POLLS_MAX);
    const [oldest] = this.#polls;
    if (oldest) this.rates = ratesOf(oldest, poll);
    const before = this.#first.drops;
    this.lost = new Map([...poll.drops].map(([id, drops]) => [id, Math.max(0, drops - (before.get(id) ?? drops))]));
  }
}
