/** What time it is for the node: a replay has a clock of its own, and a browser's may be wrong. */

import { answer, api, BACKGROUND, type Schemas } from "../api/client";

const ASK_EVERY_MS = 20_000;
const STEP_MS = 5_000;
/** A node that takes longer counts as away: a line that is cut says nothing. */
const ANSWER_MAX_MS = 10_000;

class Clock {
  /** The node's time now. */
  now = $state.raw(new Date());
  /** How the node and its parts are; `undefined` before it was asked, or where it may not be. */
  node = $state.raw<Schemas["NodeHealth"] | undefined>(undefined);
  /** Kept once the node has said what time it is for it, or has not answered. */
  readonly known: Promise<void>;
  #isKnown: () => void = () => undefined;
  #offsetMs = 0;

  constructor() {
    this.known = new Promise((done) => (this.#isKnown = done));
  }

  start(): () => void {
    void this.ask();
    const asking = setInterval(() => void this.ask(), ASK_EVERY_MS);
    const going = setInterval(() => this.#step(), STEP_MS);
    return () => {
      clearInterval(asking);
      clearInterval(going);
    };
  }

  async ask() {
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(new Error("no answer")), ANSWER_MAX_MS);
    const node = await answer(api.GET("/api/v1/health", { headers: BACKGROUND, signal: stop.signal })).catch(() => undefined);
    clearTimeout(late);
    if (node) {
      this.node = node;
      this.#offsetMs = new Date(node.now).getTime() - Date.now();
      this.#step();
    }
    this.#isKnown();
  }

  #step() {
    this.now = new Date(Date.now() + this.#offsetMs);
  }
}

export const clock = new Clock();
