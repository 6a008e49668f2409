/** One case as it is shown, and what people do with it: who was quicker is not overwritten, and shows. */

import { Problem } from "../../api/client";
import { load, type Loaded } from "../../app/load.svelte";
import { toasts } from "../../app/toasts.svelte";
import { act, readIncident, type Deed, type Incident } from "./incidents";

/** Somebody changed it since it was read. */
const CONFLICT: readonly number[] = [409, 412];

export class Case {
  readonly read: Loaded<Incident>;
  isBusy = $state(false);

  /** For a page while it is set up. */
  constructor(id: string) {
    this.read = load<Incident>((signal) => readIncident(id, signal));
  }

  /** Does it, and says so (`""`: says nothing). Whether it was done; what refused it is thrown to a form (`isAsked`), else said at the edge of the window. */
  async does(deed: Deed, says: string, isAsked = false): Promise<boolean> {
    const incident = this.read.value;
    if (!incident || this.isBusy) return false;
    this.isBusy = true;
    try {
      this.read.value = await act(incident, deed);
      if (says) toasts.say(says);
      return true;
    } catch (problem) {
      const fault = this.#faultOf(problem);
      if (isAsked) throw fault;
      toasts.fault(fault);
      return false;
    } finally {
      this.isBusy = false;
    }
  }

  #faultOf(problem: unknown): unknown {
    if (!(problem instanceof Problem) || !CONFLICT.includes(problem.status)) return problem;
    this.read.again();
    return new Error(`${problem.message} The case is read again: look at what changed, then do it once more.`);
  }
}
