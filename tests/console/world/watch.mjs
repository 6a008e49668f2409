/** Runs in every page before anything of it: tells addresses, titles, referrers and what the Content-Security-Policy refused. Uses nothing from outside itself. */
export function watch() {
  const tell = (what, text) => window.cordonSuiteTells(what, text);
  for (const name of ["pushState", "replaceState"]) {
    const was = history[name];
    history[name] = function (state, title, url) {
      was.call(this, state, title, url);
      tell("address", location.href);
      if (state !== null) tell("history state", JSON.stringify(state));
    };
  }
  addEventListener("popstate", () => tell("address", location.href));
  document.addEventListener("securitypolicyviolation", (event) => tell("violation", `${event.effectiveDirective} refused ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
  addEventListener("DOMContentLoaded", () => {
    tell("address", location.href);
    tell("referrer", document.referrer);
    new MutationObserver(() => tell("title", document.title)).observe(document.head, { subtree: true, childList: true, characterData: true });
    tell("title", document.title);
  });
}

/** What a page has put by: storage, databases and caches, as one text; and what it shows. */
export async function harvest() {
  const stored = [localStorage, sessionStorage].map((storage) => JSON.stringify({ ...storage }));
  const databases = (await indexedDB.databases()).map((one) => one.name);
  return { stored, databases, caches: await caches.keys(), text: document.body.innerText, title: document.title, address: location.href };
}
