/** What rules could have looked at: kinds of events received in the last days, and the texts of correlations. Asked once, and again when it is old. */

import { untrack } from "svelte";
import { answer, api, BACKGROUND, Problem } from "../../api/client";
import { clock } from "../../app/clock.svelte";
import { session } from "../../app/session.svelte";
import type { Rule } from "./catalogue";
import { standingOf, type Standing } from "./coverage";
import { feeder, heardOf, question, type FeedOf, type Seen } from "./feeds";
import { TABLES } from "./tables";
import { documents, type Stated } from "./text";

/** Days that are looked at: fewer when so many cannot be counted within the time of a search. */
const DAYS: readonly number[] = [30, 7, 1];
const ROWS_MAX = 1_000;
const FRESH_MS = 900_000;
const TEXTS_AT_ONCE = 6;

class SeenEvents {
  /** Whether a log source was heard; `undefined` as long as nobody has counted. */
  feedOf = $state.raw<FeedOf | undefined>(undefined);
  days = $state(0);
  problem = $state.raw<Problem | undefined>(undefined);
  /** What correlations say, by id. */
  texts = $state.raw<ReadonlyMap<string, readonly Stated[]>>(new Map());
  #askedAt = -Infinity;
  #isReading = false;

  /** May whoever is here compare at all? */
  get isAllowed() {
    return session.may("SearchEvents");
  }

  async ask() {
    if (!this.isAllowed || performance.now() - this.#askedAt < FRESH_MS) return;
    this.#askedAt = performance.now();
    if (!clock.node) await clock.ask();
    // what took too long before is not tried again
    for (const days of DAYS.filter((one) => this.days === 0 || one <= this.days)) {
      try {
        this.feedOf = feeder(await count(days), TABLES);
        [this.days, this.problem] = [days, undefined];
        return;
      } catch (problem) {
        this.problem = problem instanceof Problem ? problem : new Problem(-1, "page", String(problem));
        // only a search that took too much is tried again with less
        if (![422, 503].includes(this.problem.status)) break;
      }
    }
    this.#askedAt = -Infinity;
  }

  /** Reads the texts of correlations: what they stand on stands there. */
  async read(rules: readonly Rule[]) {
    // whoever asks for texts within an effect does not wait for them there
    const known = untrack(() => this.texts);
    const wanted = rules.filter((rule) => rule.is_correlation && !known.has(rule.id)).map((rule) => rule.id);
    if (this.#isReading || wanted.length === 0) return;
    this.#isReading = true;
    const found = new Map(known);
    const reader = async () => {
      for (let id = wanted.pop(); id !== undefined; id = wanted.pop()) {
        const text = await answer(api.GET("/api/v1/rules/{id}", { params: { path: { id } }, headers: BACKGROUND })).catch(() => undefined);
        found.set(id, documents(text?.text ?? ""));
      }
    };
    await Promise.all(Array.from({ length: TEXTS_AT_ONCE }, reader));
    this.texts = found;
    this.#isReading = false;
  }

  /** What a rule stands on; `undefined` as long as that is not known. */
  standing(rule: Rule, rules: ReadonlyMap<string, Rule>): Standing | undefined {
    const said = rule.is_correlation ? this.texts.get(rule.id) : [];
    return said && this.feedOf ? standingOf(rule, said, rules, this.feedOf) : undefined;
  }
}

async function count(days: number): Promise<Seen> {
  const sql = question(new Date(clock.now.getTime() - days * 86_400_000), TABLES);
  const { rows, is_cut } = await answer(api.POST("/api/v1/events/sql", { body: { sql, limit: ROWS_MAX }, headers: BACKGROUND }));
  const roles = session.me?.roles ?? [];
  return { heard: rows.map((row) => heardOf(row as Record<string, unknown>)), isCut: is_cut, isHealthOnly: !roles.some((role) => role === "analyst" || role === "responder") };
}

export const seenEvents = new SeenEvents();
