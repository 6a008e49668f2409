/**
 * Lakeside General in a node: a quiet day as history, then the evening of 18 March as if it happened, then the clock stands where the evening ended and runs as clocks do.
 * Also the people who sign in, and every word of Lakeside that could identify a person or a patient.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BINARY, Node, ROOT, until } from "./node.mjs";

export const PASSWORD = "correct horse battery";
/** Who signs in, by role; names that are nobody's at Lakeside. `both` is analyst and privacy officer at once, as in small hospitals. */
export const PEOPLE = {
  analyst: { name: "ruiz", roles: ["analyst"] },
  privacy_officer: { name: "okonkwo", roles: ["privacy_officer"] },
  responder: { name: "haas", roles: ["responder"] },
  auditor: { name: "lindqvist", roles: ["auditor"] },
  administrator: { name: "moreau", roles: ["administrator"] },
  both: { name: "tanaka", roles: ["analyst", "privacy_officer"] },
};
export const ROLES = ["analyst", "privacy_officer", "responder", "auditor", "administrator"];

const BEGIN = "2026-03-18T18:00:00Z";
/** How many times faster than it happened the evening goes. */
const SPEED = 1200;
/** Events of the quiet day: a run that measures takes a million. */
const EVENTS = process.env.CORDON_EVENTS ?? "6000";
const QUIET = ["--days", "1", "--seed", "2026", "--start", "2026-03-17", "--story", "none", "--events-per-day", EVENTS];

/** A node with all of it. */
export async function lakeside() {
  const node = new Node(["access.staff_pseudonyms=false", `privacy.context_dir=${join(ROOT, "fixtures/lakeside/context")}`]);
  const tokens = await invited(node);
  await node.start(`${BEGIN},1`);
  await bring(node, "import", ["--token-file", tokens.import, quietDay()]);
  await node.stop();
  await evening(node, tokens);
  const { now } = await node.ask(tokens.analyst, "GET", "/api/v1/health");
  await node.stop();
  await node.start(`${now},1`);
  await reviewed(node, tokens);
  return { node, tokens };
}

/** Has the accesses of the evening reviewed, as it is done from time to time. */
export async function reviewed(node, tokens) {
  const { id } = await node.ask(tokens.privacy_officer, "POST", "/api/v1/privacy/reviews");
  const job = await until("the review has ended", async () => {
    const job = await node.ask(tokens.privacy_officer, "GET", `/api/v1/jobs/${id}`);
    return job.state === "running" ? undefined : job;
  });
  if (job.state !== "done") throw new Error(`the review: ${job.state}: ${job.notes.join("; ")}`);
}

/** Makes who signs in and what sends, in a node that is not running: a running one takes two seconds to know new tokens, one that starts knows them. */
export async function invited(node) {
  await node.start(`${BEGIN},1`);
  const tokens = await invite(node);
  await node.stop();
  return tokens;
}

/** Starts a node and replays the evening into it: Lakeside's, or another below a folder. */
export async function evening(node, tokens, folder = join(ROOT, "fixtures/lakeside/evening")) {
  await node.start(`${BEGIN},${SPEED}`);
  await bring(node, "replay", ["--token-file", tokens.replay, "--speed", String(SPEED), "--from", BEGIN, folder]);
  await settled(node);
}

function bring(node, command, args) {
  return node.run(command, ["--url", node.intake, "--no-progress", ...args], { isBeside: false });
}

/** The people who sign in, and tokens of programs and senders. */
async function invite(node) {
  const users = Object.values(PEOPLE).map(({ name, roles }) => node.run("user", ["--name", name, ...roles.flatMap((role) => ["--role", role])], { input: PASSWORD }));
  const asks = ROLES.map(async (role) => [role, await node.token(role, "--role", role, "--name", `suite-${role}`)]);
  const sends = ["import", "replay", "suite"].map(async (source) => [source, await node.token(source, "--source", source)]);
  await Promise.all(users);
  return Object.fromEntries(await Promise.all([...asks, ...sends]));
}

/** The quiet day, rendered once and kept below target/. */
function quietDay() {
  const folder = join(ROOT, "target", `console-quiet-${createHash("sha256").update(QUIET.join(" ")).digest("hex").slice(0, 8)}`);
  const done = join(folder, ".done");
  if (!existsSync(done)) {
    const xtask = [dirname(BINARY), join(ROOT, "target/debug")].map((folder) => join(folder, "xtask")).find(existsSync);
    if (!xtask) throw new Error("there is no xtask beside the binary: cargo build --workspace --bins");
    execFileSync(xtask, ["lakeside", "--out", folder, ...QUIET], { stdio: ["ignore", "ignore", "inherit"] });
    writeFileSync(done, "");
  }
  return folder;
}

/** Waits until everything that was received is judged and stands in the event tables. */
function settled(node) {
  return until("everything received is judged and written", async () => {
    const lines = (await (await fetch(`${node.origin}/metrics`)).text()).split("\n");
    const value = (name) => Number(lines.find((line) => line.startsWith(`${name} `))?.split(" ")[1]);
    return value("cordon_intake_waiting_bytes") === 0 && value("cordon_street_behind_bytes") === 0 && value("cordon_tables_applied_offset") === value("cordon_wal_durable_offset");
  });
}
