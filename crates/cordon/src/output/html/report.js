"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const form = document.getElementById("filter");

  // A link to a finding opens what it lies in.
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  if (!form) return;

  const findings = data.findings
    .map((of) => ({ ...of, element: document.getElementById("f-" + of.finding_id), text: null }))
    .filter((of) => of.element);
  const words = document.getElementById("words");
  const state = document.getElementById("state");
  const spanButton = document.getElementById("span");
  const unfold = document.getElementById("unfold");
  const figure = document.querySelector(".timeline");
  const number = new Intl.NumberFormat("en");
  let span = null; // [from, to) in microseconds

  const textOf = (of) => (of.text ??= (of.rule_title + " " + of.element.textContent).toLowerCase());

  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const levels = new Set([...form.querySelectorAll("[name=level]:checked")].map((box) => box.value));
    let shown = 0;
    for (const of of findings) {
      const inTime = !span || (of.time !== null && of.time >= span[0] && of.time < span[1]);
      const fits = inTime && levels.has(of.level) && wanted.every((word) => textOf(of).includes(word));
      of.element.hidden = !fits;
      shown += fits;
    }
    for (const selector of [".rule", ".technique", ".tactic"])
      for (const group of document.querySelectorAll(selector)) group.hidden = !group.querySelector(".finding:not([hidden])");
    const narrowed = shown < findings.length;
    state.textContent = narrowed ? `${number.format(shown)} of ${number.format(findings.length)} shown` : "";
    if (wanted.length) for (const group of document.querySelectorAll(".technique:not([hidden])")) group.open = true;
  };

  let waiting = 0;
  words.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  unfold.addEventListener("click", () => {
    const groups = [...document.querySelectorAll(".technique")];
    const open = groups.some((group) => !group.open);
    for (const group of groups) group.open = open;
    unfold.textContent = open ? "Close all" : "Open all";
  });

  // The timeline: a stretch drawn over a row narrows the findings to it.
  const { start, width, count } = data.timeline;
  const clock = (time) => new Date(time / 1000).toISOString().slice(0, 19).replace("T", " ");
  const choose = (from, to) => {
    span = from === null ? null : [start + from * width, start + (to + 1) * width];
    spanButton.hidden = !span;
    if (span) spanButton.textContent = `${clock(span[0])} – ${clock(span[1]).slice(11)} ×`;
    for (const old of document.querySelectorAll(".chosen")) old.remove();
    if (span) for (const svg of figure.querySelectorAll(".row:not(.axis) svg")) {
      const shade = document.createElementNS(svg.namespaceURI, "rect");
      shade.setAttribute("class", "chosen");
      shade.setAttribute("x", (from / count) * 100 + "%");
      shade.setAttribute("width", ((to - from + 1) / count) * 100 + "%");
      shade.setAttribute("height", "26");
      svg.prepend(shade);
    }
    apply();
  };
  spanButton.addEventListener("click", () => choose(null));
  if (figure && count > 1) {
    figure.classList.add("live");
    let from = null;
    const place = (event, svg) => {
      const box = svg.getBoundingClientRect();
      return Math.max(0, Math.min(count - 1, Math.floor(((event.clientX - box.left) / box.width) * count)));
    };
    for (const svg of figure.querySelectorAll(".row:not(.axis) svg")) {
      svg.addEventListener("pointerdown", (event) => { from = place(event, svg); svg.setPointerCapture(event.pointerId); });
      svg.addEventListener("pointermove", (event) => {
        if (from === null) return;
        const to = place(event, svg);
        choose(Math.min(from, to), Math.max(from, to));
      });
      svg.addEventListener("pointerup", (event) => {
        const to = place(event, svg);
        choose(Math.min(from, to), Math.max(from, to));
        from = null;
      });
    }
  }

  // On paper groups are open; findings stay as the reader left them.
  addEventListener("beforeprint", () => { for (const group of document.querySelectorAll(".technique, .subject")) group.open = true; });

  form.hidden = false;
})();
