/** The address as state. It holds what a page shows, and never anything that could identify a person or a patient: those stand behind handles (`handles.ts`). */

export interface Address {
  readonly path: string;
  readonly query: URLSearchParams;
}

function read(): Address {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

class Router {
  now = $state.raw<Address>(read());

  /** Goes to another page: Back returns, unless it takes the place of this one. */
  go(to: string, how: "push" | "replace" = "push") {
    if (to === location.pathname + location.search) return;
    if (how === "push") history.pushState(null, "", to);
    else history.replaceState(null, "", to);
    this.now = read();
  }

  /** Changes parts of the query; `null` takes one away. A change of what is shown can be gone back from, a change while typing cannot. */
  set(parts: Record<string, string | null>, how: "push" | "replace" = "push") {
    const query = new URLSearchParams(this.now.query);
    for (const [name, value] of Object.entries(parts)) {
      if (value === null || value === "") query.delete(name);
      else query.set(name, value);
    }
    const text = query.toString();
    const to = this.now.path + (text ? `?${text}` : "");
    if (to === location.pathname + location.search) return;
    if (how === "push") history.pushState(null, "", to);
    else history.replaceState(null, "", to);
    this.now = read();
  }

  of(name: string): string | null {
    return this.now.query.get(name);
  }
}

export const router = new Router();

addEventListener("popstate", () => {
  router.now = read();
});

/** Links of our own change the page without loading it; with a modifier key the browser does what it always does. */
addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || link.origin !== location.origin || link.hasAttribute("download") || link.pathname.startsWith("/api/")) return;
  event.preventDefault();
  router.go(link.pathname + link.search);
});
