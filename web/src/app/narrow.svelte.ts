/** How wide the window is, where CSS alone cannot do it. */

class Width {
  is = $state(false);
  #query: MediaQueryList;

  constructor(query: string) {
    this.#query = matchMedia(query);
    this.is = this.#query.matches;
    this.#query.addEventListener("change", () => {
      this.is = this.#query.matches;
    });
  }
}

/** A telephone: rows have two lines. */
export const narrow = new Width("(max-width: 639px)");
/** Room for the panel beside the list. */
export const wide = new Width("(min-width: 1280px)");
