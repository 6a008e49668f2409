/** Which row of a list is open: that stands in the address under a name, and j and k go from one to the next. */

import { bind, type Binding } from "./keys.svelte";
import { router } from "./router.svelte";

export interface Open {
  /** Of the row that is open. */
  readonly id: string | null;
  readonly show: (id: string | null) => void;
}

/** For a page while it is set up. `called` is what one row is: `hold`. `more` are its further keys. */
export function openRow<T>(name: string, called: string, rows: () => readonly T[], idOf: (row: T) => string, more: readonly Binding[] = []): Open {
  const id = () => router.of(name);
  const show = (next: string | null) => router.set({ [name]: next }, id() === null ? "push" : "replace");

  function step(by: number) {
    const all = rows();
    const next = all[Math.max(0, Math.min(all.length - 1, all.findIndex((row) => idOf(row) === id()) + by))];
    if (next) show(idOf(next));
  }

  bind([
    { keys: "j", does: `Next ${called}`, run: () => step(1) },
    { keys: "k", does: `${called.charAt(0).toUpperCase()}${called.slice(1)} before`, run: () => step(-1) },
    ...more,
  ]);
  return {
    get id() {
      return id();
    },
    show,
  };
}
