/** Events as they are kept: the stream of the node, through the filter, into a list that stays short. */

import { answer, api, BACKGROUND, Problem } from "../../api/client";
import { amongThese, bare, batchSize, joined, rowOf, span, type LiveEvent } from "./batch";
import type { EventRow } from "./columns";

/** Most rows that are kept, shown or waiting. */
export const ROWS_MAX = 500;
/** Most events that wait to be looked at; what comes beyond is counted as missed. */
const INBOX_MAX = 1_000;
const TURN_MS = 400;
const AGAIN_AFTER_MS = 5_000;

export class Tail {
  rows = $state.raw<readonly EventRow[]>([]);
  /** Came while it was paused. */
  waiting = $state.raw<readonly EventRow[]>([]);
  /** Events that were not looked at because too many came. */
  missed = $state(0);
  isOpen = $state(false);
  isPaused = $state(false);
  problem = $state.raw<Problem | undefined>(undefined);
  #filter = "";
  #inbox: LiveEvent[] = [];
  #stream: EventSource | undefined;
  #turn: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;

  /** Follows from now on what a filter admits. */
  start(filter: string) {
    this.stop();
    this.#filter = filter.trim();
    this.rows = [];
    this.waiting = [];
    this.missed = 0;
    this.isPaused = false;
    this.problem = undefined;
    if (batchSize(this.#filter) === 0) {
      this.problem = new Problem(-1, "page", "This filter is too long to be followed. Shorten it, or search again from time to time.");
      return;
    }
    this.#turn = setInterval(() => void this.#look(), TURN_MS);
    this.#open();
  }

  stop() {
    this.#stream?.close();
    this.#stream = undefined;
    clearInterval(this.#turn);
    this.#inbox = [];
    this.isOpen = false;
  }

  pause() {
    this.isPaused = true;
  }

  /** Shows what came meanwhile. */
  goOn() {
    this.isPaused = false;
    this.rows = joined(this.waiting, this.rows, ROWS_MAX);
    this.waiting = [];
  }

  #open() {
    const stream = new EventSource("/api/v1/stream/events");
    this.#stream = stream;
    stream.addEventListener("open", () => (this.isOpen = true));
    stream.addEventListener("event", (message) => this.#take(JSON.parse((message as MessageEvent<string>).data) as LiveEvent));
    stream.addEventListener("missed", (message) => (this.missed += Number((message as MessageEvent<string>).data) || 0));
    stream.addEventListener("error", () => {
      this.isOpen = false;
      // a browser opens a cut stream again by itself, but not one that was refused
      if (stream.readyState === EventSource.CLOSED) setTimeout(() => this.#stream === stream && this.#open(), AGAIN_AFTER_MS);
    });
  }

  #take(event: LiveEvent) {
    if (this.#inbox.length >= INBOX_MAX) this.missed += 1;
    else this.#inbox.push(event);
  }

  async #look() {
    if (this.#isLooking || this.#inbox.length === 0) return;
    const filter = this.#filter;
    const batch = this.#inbox.splice(0, filter ? batchSize(filter) : INBOX_MAX);
    this.#isLooking = true;
    try {
      const admitted = filter ? await these(filter, batch) : batch;
      if (filter === this.#filter) this.#show(admitted.map(rowOf).reverse());
    } catch (problem) {
      this.missed += batch.length;
      if (problem instanceof Problem && problem.status === 422) this.problem = problem;
    } finally {
      this.#isLooking = false;
    }
  }

  #show(newest: readonly EventRow[]) {
    if (newest.length === 0) return;
    if (this.isPaused) this.waiting = joined(newest, this.waiting, ROWS_MAX);
    else this.rows = joined(newest, this.rows, ROWS_MAX);
  }
}

/** Those of a batch that the filter admits. */
async function these(filter: string, batch: readonly LiveEvent[]): Promise<readonly LiveEvent[]> {
  const body = { filter: amongThese(filter, batch), columns: ["event_id"], values: batch.length, ...span(batch) };
  const page = await answer(api.POST("/api/v1/events/facets", { body, headers: BACKGROUND }));
  const admitted = new Set(page.items.flatMap((facet) => facet.values.map((one) => bare(String(one.value)))));
  return batch.filter((event) => admitted.has(bare(event.id)));
}
