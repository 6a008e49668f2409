/**
 * What is seen beside what is looked at. `Record`, of the whole suite: every address, title, request and stored word, and what pages showed. `Judge`, of one check: what went wrong. Allowed are only those
 * answers of 4xx that the check has announced, and the one that nobody is signed in yet.
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
  pages = 0;

  /** Words that a browser keeps or tells to others. */
  tell(where, text) {
    if (text) this.told.set(`${where}\n${text}`, { where, text });
  }

  /** What a page showed when it was left. */
  show(text) {
    this.pages += 1;
    this.shown.add(text);
  }
}

export class Judge {
  problems = new Set();
  #record;
  #expected = [];
  #mayBeAway = false;

  constructor(record) {
    this.#record = record;
  }

  /** Answers of this status at these paths are what the check is about. */
  expect(status, path) {
    this.#expected.push({ status, path });
  }

  /** The check is about a node that does not answer. */
  expectAway() {
    this.#mayBeAway = true;
  }

  problem(text) {
    this.problems.add(text);
  }

  message(type, text, url) {
    this.#record.tell("console", text);
    if (type !== "error" || SAID_OF_ANSWERS.test(text)) return;
    if (this.#mayBeAway && SAID_OF_NO_ANSWER.test(text)) return;
    this.problem(`error in the console: ${text} (${url})`);
  }

  request(request, origin) {
    const url = request.url();
    this.#record.tell("request", url);
    this.#record.tell("referrer", request.headers()["referer"]);
    // what a page makes itself (a file to save) has an address of its own origin
    if (!url.replace(/^blob:/, "").startsWith(`${origin}/`) && !url.startsWith("about:")) this.problem(`request to another origin: ${url}`);
  }

  answer(response) {
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
