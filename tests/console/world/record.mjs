/**
 * What the whole suite sees beside what it looks at: every address, title, request, fault and stored word. Each check is judged by it, and the suite as a whole at the end.
 * Allowed are only those answers of 4xx that a check has announced, and the one that nobody is signed in yet.
 */

/** What a browser says by itself about an answer of 4xx: the answer is judged, not the sentence. */
const SAID_OF_ANSWERS = /^Failed to load resource: the server responded with a status of 4\d\d/;
const SAID_OF_NO_ANSWER = /^Failed to load resource: net::ERR_/;
/** Whoever leaves a page or asks anew breaks off what was asked. */
const BROKEN_OFF = "net::ERR_ABORTED";

export class Record {
  /** Where (address, title, storage ..) and what, once each. */
  told = new Map();
  shown = new Set();
  counts = { requests: 0, answers: 0, pages: 0, messages: 0 };
  #problems = [];
  #expected = [];
  #mayBeAway = false;

  constructor(origin) {
    this.origin = origin;
  }

  /** For the length of a check: answers of this status at these paths are what it is about. */
  expect(status, path) {
    this.#expected.push({ status, path });
  }

  /** For the length of a check: the node does not answer. */
  expectAway() {
    this.#mayBeAway = true;
  }

  /** Words that a browser keeps or tells to others. */
  tell(where, text) {
    if (text) this.told.set(`${where}\n${text}`, { where, text });
  }

  problem(text) {
    this.#problems.push(text);
  }

  /** What went wrong since the last time; the next check begins with nothing announced. */
  take() {
    const problems = [...new Set(this.#problems)];
    this.#problems = [];
    this.#expected = [];
    this.#mayBeAway = false;
    return problems;
  }

  message(type, text, url) {
    this.counts.messages += 1;
    this.tell("console", text);
    if (type !== "error" || SAID_OF_ANSWERS.test(text)) return;
    if (this.#mayBeAway && SAID_OF_NO_ANSWER.test(text)) return;
    this.problem(`error in the console: ${text} (${url})`);
  }

  request(request) {
    this.counts.requests += 1;
    const url = request.url();
    this.tell("request", url);
    this.tell("referrer", request.headers()["referer"]);
    // what a page makes itself (a file to save) has an address of its own origin
    if (!url.replace(/^blob:/, "").startsWith(`${this.origin}/`) && !url.startsWith("about:")) this.problem(`request to another origin: ${url}`);
  }

  answer(response) {
    this.counts.answers += 1;
    const status = response.status();
    const { pathname } = new URL(response.url());
    const asked = `${response.request().method()} ${pathname}`;
    if (status < 400 || (status === 401 && asked === "GET /api/v1/me")) return;
    if (status < 500 && this.#expected.some((one) => one.status === status && one.path.test(pathname))) return;
    this.problem(`${asked} answered ${status}`);
  }

  noAnswer(request) {
    const why = request.failure()?.errorText ?? "";
    if (why === BROKEN_OFF || this.#mayBeAway) return;
    this.problem(`${request.method()} ${request.url()} had no answer: ${why}`);
  }
}
