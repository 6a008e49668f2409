/** Short words at the edge of the window about what just happened, with a way back where there is one. */

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly isFault: boolean;
  readonly undo: (() => void) | undefined;
}

const SHOWN_MS = 7_000;
const SHOWN_MAX = 4;

class Toasts {
  shown = $state.raw<readonly Toast[]>([]);
  #id = 0;

  say(text: string, undo?: () => void) {
    this.#add({ id: ++this.#id, text, isFault: false, undo });
  }

  fault(problem: unknown) {
    const text = problem instanceof Error ? problem.message : String(problem);
    this.#add({ id: ++this.#id, text, isFault: true, undo: undefined });
  }

  end(id: number) {
    this.shown = this.shown.filter((one) => one.id !== id);
  }

  #add(toast: Toast) {
    this.shown = [...this.shown, toast].slice(-SHOWN_MAX);
    setTimeout(() => this.end(toast.id), SHOWN_MS * (toast.isFault ? 2 : 1));
  }
}

export const toasts = new Toasts();
