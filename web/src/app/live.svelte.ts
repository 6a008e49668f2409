/** Findings as they come: one stream for all pages. Pages read `tick` and ask again when it moves. */

import type { Finding } from "../api/client";

const SETTLE_MS = 700;
const KEPT_MAX = 20;

class Live {
  /** Moves at most every 0.7 s while findings come. */
  tick = $state(0);
  isOpen = $state(false);
  /** The newest findings since the page was opened, newest first. */
  newest = $state.raw<readonly Finding[]>([]);
  #stream: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  open() {
    this.close();
    const stream = new EventSource("/api/v1/stream/findings");
    this.#stream = stream;
    stream.addEventListener("open", () => {
      // what was kept while the stream was cut shows now
      if (!this.isOpen) this.#later();
      this.isOpen = true;
    });
    stream.addEventListener("finding", (event) => {
      const finding = JSON.parse((event as MessageEvent<string>).data) as Finding;
      this.newest = [finding, ...this.newest].slice(0, KEPT_MAX);
      this.#later();
    });
    stream.addEventListener("error", () => {
      this.isOpen = false;
      // a browser opens a cut stream again by itself, but not one that was refused
      if (stream.readyState === EventSource.CLOSED && this.#stream === stream) setTimeout(() => this.#stream === stream && this.open(), 10_000);
    });
  }

  close() {
    this.#stream?.close();
    this.#stream = undefined;
    this.isOpen = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #later() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.tick += 1;
    }, SETTLE_MS);
  }
}

export const live = new Live();
