/** What a page asks for, and how far that is: the first answer is waited for, later ones replace what is shown without a flicker. */

import { Problem } from "../api/client";

const AGAIN_AFTER_MS = 5_000;
/** Too much is asked of the node at a time. */
const BUSY = 503;

export class Loaded<T> {
  value = $state.raw<T | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  isAsking = $state(false);
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  #question: ((signal: AbortSignal) => Promise<T>) | undefined;

  /** Asks the same once more. */
  again() {
    if (this.#question) void this.ask(this.#question);
  }

  /** Asks; an answer that a later question has overtaken is dropped. Without an answer it asks again by itself. */
  async ask(question: (signal: AbortSignal) => Promise<T>): Promise<void> {
    const turn = ++this.#turn;
    this.#question = question;
    clearTimeout(this.#timer);
    const stop = new AbortController();
    this.#stop?.abort();
    this.#stop = stop;
    this.isAsking = true;
    try {
      const value = await question(stop.signal);
      if (turn !== this.#turn) return;
      this.value = value;
      this.problem = undefined;
    } catch (problem) {
      if (turn !== this.#turn || (problem instanceof DOMException && problem.name === "AbortError")) return;
      this.problem = problem instanceof Problem ? problem : new Problem(-1, "page", String(problem));
      if (this.problem.isAway || this.problem.status === BUSY) this.#timer = setTimeout(() => void this.ask(question), AGAIN_AFTER_MS);
    } finally {
      if (turn === this.#turn) this.isAsking = false;
    }
  }

  /** Nobody wants the answer any more. */
  end() {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#stop?.abort();
  }

  #stop: AbortController | undefined;
}

/** Asks whenever what the question reads changes, for as long as the component is there. */
export function load<T>(question: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const loaded = new Loaded<T>();
  $effect(() => {
    void loaded.ask(question);
  });
  $effect(() => () => loaded.end());
  return loaded;
}
