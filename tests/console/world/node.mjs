/**
 * A running `cordon serve` for the browser: the real binary, on ports of loopback that the system chooses, with a data folder of its own that goes with it.
 * Knows no check. Every wait has an end, and what ends badly says so with the last lines of the node's log.
 */

import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
export const BINARY = process.env.CORDON ?? join(ROOT, "target/debug/cordon");
/** Longest wait for the node, ms. A machine under load is slow; nothing passes by waiting. */
export const PATIENCE_MS = 300_000;
const STEP_MS = 50;
const LOG_LINES = 40;
const SILENT = ["syslog_udp", "syslog_tcp", "syslog_tls", "mllp", "relp"];
// settings of whoever runs the suite are not those of the node in it
const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CORDON_")));

/** Waits until `holds` gives something true, and gives that. */
export async function until(what, holds, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`in ${patience / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, STEP_MS));
  }
}

export class Node {
  folder = mkdtempSync(join(tmpdir(), "cordon-console-"));
  /** Where the browser goes. */
  origin = "";
  #process;
  #port = 0;
  #clock = "";
  #more;

  /** `more`: settings of this node alone, as `--set` takes them. */
  constructor(more = []) {
    this.#more = more;
    process.on("exit", () => this.remove());
  }

  /** Starts it; `clock` is what it takes for now (`event_clock`). A later start listens where the first did. */
  async start(clock = this.#clock) {
    this.#clock = clock;
    const said = join(this.folder, "said");
    const [out, log] = [openSync(said, "w"), openSync(join(this.folder, "log"), "a")];
    const child = spawn(BINARY, ["serve", ...this.#settings()], { stdio: ["ignore", out, log], env: ENVIRONMENT, cwd: this.folder });
    this.#process = child;
    [out, log].forEach(closeSync);
    const failed = new Promise((_, fail) => child.once("error", fail));
    const port = (what) => new RegExp(`^${what} on 127\\.0\\.0\\.1:(\\d+)$`, "m").exec(readFileSync(said, "utf8"))?.[1];
    const listens = until("the node says where it listens", () => this.#alive() && port("api") && port("http intake"));
    await Promise.race([listens, failed]);
    this.#port = Number(port("api"));
    this.origin = `http://127.0.0.1:${this.#port}`;
    this.intake = `http://127.0.0.1:${port("http intake")}`;
    await until("the node is ready", async () => this.#alive() && (await fetch(`${this.origin}/health/ready`).catch(() => null))?.ok);
  }

  /** Other settings of this node alone, from the next start on. */
  set(more) {
    this.#more = more;
  }

  /** What makes the first administrator, as a node without users prints it. */
  firstLink() {
    return until("the node prints the link of the first administrator", () => /#first=\S+/.exec(readFileSync(join(this.folder, "said"), "utf8"))?.[0]);
  }

  /** Ends it in order; its data stays. */
  async stop() {
    const child = this.#process;
    if (!child) return;
    this.#process = undefined;
    child.kill("SIGTERM");
    await until(`the node does not stop\n${this.logTail()}`, () => child.exitCode !== null || child.signalCode !== null);
    if (child.exitCode !== 0) throw new Error(`the node ended with ${child.exitCode ?? child.signalCode}\n${this.logTail()}`);
  }

  /** Leaves nothing behind, whatever state it is in. */
  remove() {
    this.#process?.kill("SIGKILL");
    this.#process = undefined;
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Stops time for it: connections stay and nothing answers. */
  freeze() {
    this.#process?.kill("SIGSTOP");
  }

  thaw() {
    this.#process?.kill("SIGCONT");
  }

  /** Runs the binary beside it, with its settings where `isBeside`; gives what it prints. */
  async run(command, args, { input = "", isBeside = true } = {}) {
    const child = spawn(BINARY, [command, ...(isBeside ? this.#settings() : []), ...args], { env: ENVIRONMENT });
    const said = [[], []];
    [child.stdout, child.stderr].forEach((stream, place) => stream.on("data", (data) => said[place].push(data)));
    child.stdin.on("error", () => {}).end(input);
    const code = await new Promise((done, fail) => child.once("error", fail).once("close", done));
    const [out, fault] = said.map((parts) => Buffer.concat(parts).toString().trim());
    if (code !== 0) throw new Error(`cordon ${command}: ${code}: ${fault}`);
    return out;
  }

  /** A file with a token by `cordon token`; a running node knows it after two seconds. */
  async token(name, ...args) {
    const path = join(this.folder, `${name}.token`);
    writeFileSync(path, await this.run("token", args));
    return path;
  }

  /** A request to the API with the token of a file; the answer read as JSON. */
  async ask(token, method, path, body) {
    const headers = { authorization: `Bearer ${readFileSync(token, "utf8")}`, "content-type": "application/json" };
    const answer = await fetch(this.origin + path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
    return answer.json();
  }

  /** Somebody else changes what was read just before. */
  async change(token, path, body) {
    const headers = { authorization: `Bearer ${readFileSync(token, "utf8")}`, "content-type": "application/json" };
    const read = await fetch(this.origin + path, { headers });
    const answer = await fetch(this.origin + path, { method: "PATCH", headers: { ...headers, "if-match": read.headers.get("etag") }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`PATCH ${path}: ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
  }

  log() {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  logTail() {
    return ["the last lines of the node's log:", ...this.log().split("\n").slice(-LOG_LINES)].join("\n");
  }

  #settings() {
    const settings = [
      `data_dir=${join(this.folder, "data")}`, "site=lakeside", "memory=1GiB", "store.flush_every=1s", `api.address=127.0.0.1:${this.#port}`, 'intake.http=["127.0.0.1:0"]',
      ...SILENT.map((name) => `intake.${name}=[]`), ...(this.#clock ? [`event_clock=${this.#clock}`] : []),
      ...this.#more,
    ];
    return settings.flatMap((setting) => ["--set", setting]);
  }

  #alive() {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) throw new Error(`the node has ended\n${this.logTail()}`);
    return true;
  }
}
