/** Long work of the node, followed as it goes on (`docs/specs/api.md`, jobs). The node remembers jobs until it stops. */

import { answer, api, BACKGROUND, Problem, type Schemas } from "../api/client";
import { toasts } from "./toasts.svelte";

export type Job = Schemas["Job"];

/** Part of the work that is done, 0 to 1; `null` when nobody knows how much there is. */
export function shareOf(job: Pick<Job, "done" | "total">): number | null {
  return job.total > 0 ? Math.min(1, job.done / job.total) : null;
}

const ASK_EVERY_MS = 2_000;

/** Follows one job: by its stream, and by asking where there is no stream. */
export class Following {
  job = $state.raw<Job | undefined>(undefined);
  /** The node does not know it (any more). */
  isGone = $state(false);
  isCancelling = $state(false);
  readonly #id: number;
  readonly #onended: ((job: Job) => void) | undefined;
  #stream: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  constructor(id: number, onended?: (job: Job) => void) {
    this.#id = id;
    this.#onended = onended;
    void this.#ask();
  }

  end() {
    this.#isOver = true;
    this.#stream?.close();
    clearTimeout(this.#timer);
  }

  async cancel() {
    this.isCancelling = true;
    try {
      this.#took(await answer(api.POST("/api/v1/jobs/{id}/cancel", { params: { path: { id: this.#id } } })));
    } catch (problem) {
      this.isCancelling = false;
      toasts.fault(problem);
    }
  }

  async #ask() {
    try {
      this.#took(await answer(api.GET("/api/v1/jobs/{id}", { params: { path: { id: this.#id } }, headers: BACKGROUND })));
      if (!this.#isOver) this.#follow();
    } catch (problem) {
      if (this.#isOver) return;
      if (problem instanceof Problem && problem.status === 404) this.isGone = true;
      else this.#later();
    }
  }

  #follow() {
    this.#stream?.close();
    const stream = new EventSource(`/api/v1/jobs/${this.#id}/progress`);
    this.#stream = stream;
    const took = (event: Event) => this.#took(JSON.parse((event as MessageEvent<string>).data) as Job);
    stream.addEventListener("progress", took);
    stream.addEventListener("ended", took);
    stream.addEventListener("error", () => {
      stream.close();
      this.#later();
    });
  }

  #later() {
    if (!this.#isOver) this.#timer = setTimeout(() => void this.#ask(), ASK_EVERY_MS);
  }

  #took(job: Job) {
    if (this.#isOver) return;
    this.job = job;
    if (job.state === "running") return;
    this.end();
    this.#onended?.(job);
  }
}
