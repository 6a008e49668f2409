/** Tokens of senders: which there are, one more, one less. A secret is held here until its dialog or panel is closed, and nowhere else. */

import { answer, api, type Schemas } from "../../api/client";
import { toasts } from "../../app/toasts.svelte";

export type Token = Schemas["SourceToken"];

class Tokens {
  /** Moves when a token was made or revoked here. */
  turn = $state(0);

  /** The secret of a new token, or nothing when it was refused. */
  async make(sender: string, days: number | null): Promise<string | undefined> {
    try {
      const { secret } = await answer(api.POST("/api/v1/source-tokens", { body: { sender, days } }));
      this.turn += 1;
      return secret;
    } catch (problem) {
      toasts.fault(problem);
      return undefined;
    }
  }

  async revoke(token: Token): Promise<void> {
    try {
      await answer(api.DELETE("/api/v1/source-tokens/{id}", { params: { path: { id: token.id } } }));
      toasts.say(`Revoked. Within seconds nothing is taken with it any more.`);
    } catch (problem) {
      toasts.fault(problem);
    } finally {
      this.turn += 1;
    }
  }
}

export const tokens = new Tokens();
