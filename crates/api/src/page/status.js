// The status page: signs in, shows findings as they arrive, sources and the node. It speaks only the public API and writes only text nodes.
"use strict";

const byId = (id) => document.getElementById(id);
const ROWS_MAX = 100;
// Why nobody is signed in after coming back from the provider, by the word behind `#sign-in=`.
const REFUSED = new Map([
  ["begin-again", "The sign-in took too long or was not begun in this browser. Begin again, at the address that your administrator gave you."],
  ["declined", "The sign-in was broken off at the provider."],
  ["unavailable", "The provider does not answer now. Whoever has a password of this node can sign in with it; the node's log says what is wrong."],
  ["untrusted", "The answer of the provider could not be trusted. The node's log says why; tell your administrator."],
  ["no-role", "You are known, and none of your groups gives you access here. Ask your administrator."],
  ["no-second-factor", "Administrators sign in with a second factor, and the provider did not confirm one."],
  ["locked", "Your account is locked here. Ask your administrator."],
  ["too-many", "Too many attempts; wait a while and try again."],
]);
let stream = null;
let refresh = 0;

async function ask(method, path, body) {
  const headers = { accept: "application/json" };
  if (method !== "GET") headers["x-cordon-csrf"] = "1";
  if (body !== undefined) headers["content-type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin" });
  const text = await answer.text();
  const value = text ? JSON.parse(text) : null;
  if (!answer.ok) throw Object.assign(new Error(value?.detail ?? `status ${answer.status}`), { status: answer.status, type: value?.type });
  return value;
}

function show(...ids) {
  for (const id of ["first", "in", "enrol", "inside", "out"]) byId(id).hidden = !ids.includes(id);
}

function say(text) { byId("says").textContent = text; }

function fill(id, rows) {
  byId(id).replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    for (const cell of cells) {
      const td = document.createElement("td");
      const [text, style] = Array.isArray(cell) ? cell : [cell, ""];
      td.textContent = text ?? "";
      if (style) td.className = style;
      row.append(td);
    }
    return row;
  }));
}

const moment = (text) => (text ? text.replace("T", " ").replace(/\.\d+Z$/, "Z") : "");

async function load() {
  const [groups, sources, health] = await Promise.all([
    ask("GET", `/api/v1/finding-groups?limit=${ROWS_MAX}`), ask("GET", "/api/v1/sources"), ask("GET", "/api/v1/health"),
  ]);
  fill("groups", groups.items.map((g) => [[g.level, g.level], moment(g.last), g.title, g.entity.name, g.count, g.state]));
  fill("sources", sources.items.map((s) => {
    const lost = Object.entries(s.drops).map(([reason, count]) => `${reason} ${count}`).join(", ");
    return [s.id, s.site, s.records, moment(s.received_last), lost, s.is_silent ? ["silent", "silent"] : "heard"];
  }));
  fill("parts", health.parts.map((p) => [p.name, [p.state, p.state], p.detail]));
  byId("node").textContent = `version ${health.version}, ${health.is_ready ? "ready" : "not ready"}`;
}

function later() {
  if (refresh) return;
  refresh = setTimeout(() => { refresh = 0; load().catch(fault); }, 500);
}

function listen() {
  stream?.close();
  stream = new EventSource("/api/v1/stream/findings");
  stream.addEventListener("finding", (event) => {
    const finding = JSON.parse(event.data);
    byId("live").textContent = `just now: ${finding.title}`;
    later();
  });
  stream.addEventListener("missed", later);
  stream.onopen = () => { byId("live").textContent = "live"; later(); };
  stream.onerror = () => { byId("live").textContent = "the stream was cut; it is opened again"; };
}

function fault(error) {
  if (error.status === 401) { stream?.close(); show("in"); }
  say(error.message);
}

async function enter() {
  const me = await ask("GET", "/api/v1/me");
  say("");
  if (me.must_enrol_totp) {
    const enrolment = await ask("POST", "/api/v1/me/totp");
    byId("secret").textContent = enrolment.secret;
    show("enrol", "out");
    return;
  }
  show("inside", "out");
  await load();
  listen();
}

function onSubmit(id, act) {
  byId(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    try { await act(values); event.target.reset(); await enter(); } catch (error) { say(error.message); }
  });
}

async function offerProvider() {
  const { provider } = await ask("GET", "/api/v1/sign-in/ways");
  if (!provider) return;
  byId("provider").textContent = `Sign in with ${provider.label}`;
  byId("provider").href = provider.begin;
  byId("provider").hidden = false;
}

onSubmit("in", ({ name, password, code }) => ask("POST", "/api/v1/sign-in", code ? { name, password, code } : { name, password }));
onSubmit("enrol", ({ code }) => ask("POST", "/api/v1/me/totp/confirm", { code }));
onSubmit("first", async ({ name, password }) => {
  await ask("POST", "/api/v1/first-administrator", { token: location.hash.slice("#first=".length), name, password });
  history.replaceState(null, "", "/");
});
byId("out").addEventListener("click", async () => {
  stream?.close();
  await ask("POST", "/api/v1/sign-out").catch(() => null);
  show("in");
  say("");
});

offerProvider().catch(() => null);
if (location.hash.startsWith("#first=")) show("first");
else if (location.hash.startsWith("#sign-in=")) {
  show("in");
  say(REFUSED.get(location.hash.slice("#sign-in=".length)) ?? "You are not signed in.");
  history.replaceState(null, "", "/");
} else enter().catch((error) => { show("in"); if (error.status !== 401) say(error.message); });
fetch("/health/ready").then((answer) => { byId("node").textContent = answer.ok ? "ready" : "not ready yet"; }).catch(() => { byId("node").textContent = "no answer"; });
