/** Keys that do something, with what they do: the page of keys (`?`) is made of this list, so it cannot say anything else. */

import { untrack } from "svelte";

export interface Binding {
  /** A key as `KeyboardEvent.key` has it, or two after each other: `g f`. */
  readonly keys: string;
  readonly does: string;
  readonly run: () => void;
}

const SECOND_KEY_MS = 1_200;

class Keys {
  bindings = $state.raw<readonly Binding[]>([]);
  #first = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  add(bindings: readonly Binding[]): () => void {
    this.bindings = [...this.bindings, ...bindings];
    return () => {
      this.bindings = this.bindings.filter((one) => !bindings.includes(one));
    };
  }

  press(event: KeyboardEvent) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || presses(event)) return;
    const sequence = this.#first ? `${this.#first} ${event.key}` : event.key;
    this.#forget();
    // the page that came last decides
    const found = this.bindings.findLast((one) => one.keys === sequence);
    if (found) {
      event.preventDefault();
      found.run();
    } else if (this.bindings.some((one) => one.keys.startsWith(`${event.key} `))) {
      this.#first = event.key;
      this.#timer = setTimeout(() => this.#forget(), SECOND_KEY_MS);
    }
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#first = "";
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (document.querySelector("dialog[open], [role=dialog], [role=menu]")) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "submit", "range"].includes(target.type);
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName);
}

/** Enter on a button or a link presses it, whatever the page means by that key. */
function presses(event: KeyboardEvent): boolean {
  return [" ", "Enter"].includes(event.key) && event.target instanceof Element && event.target.closest("a, button, summary, input") !== null;
}

export const keys = new Keys();
addEventListener("keydown", (event) => keys.press(event));

/** Keys of a page, for as long as it is there. */
export function bind(bindings: readonly Binding[]) {
  // the list of keys is changed here, so it must not be what this waits for
  $effect(() => untrack(() => keys.add(bindings)));
}
