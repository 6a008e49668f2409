/** Who is signed in and what they may do. */

import { answer, api, Problem, watchers, type Schemas } from "../api/client";

export type Me = Schemas["Me"];

class Session {
  /** `undefined`: not asked yet; `null`: nobody is signed in. */
  me = $state.raw<Me | null | undefined>(undefined);
  /** The node answers. */
  isConnected = $state(true);
  /** Somebody was signed in on this page and is no longer. */
  hasEnded = $state(false);

  may(action: string): boolean {
    return this.me?.actions.includes(action) ?? false;
  }

  async load() {
    try {
      this.me = await answer(api.GET("/api/v1/me"));
      this.hasEnded = false;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 401) this.me = null;
      else if (this.me === undefined) throw problem;
    }
  }

  async signOut() {
    await answer(api.POST("/api/v1/sign-out")).catch(() => null);
    this.me = null;
    this.hasEnded = false;
  }
}

export const session = new Session();

watchers.onSignedOut = () => {
  if (session.me) session.hasEnded = true;
  session.me = null;
};
watchers.onAnswer = (isThere) => {
  session.isConnected = isThere;
};
