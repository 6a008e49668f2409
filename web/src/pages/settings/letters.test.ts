import { describe, expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { channelOf, letterKind, notificationSays, troublesOf } from "./letters";

const status = (parts: Partial<Schemas["Notification"]> = {}): Schemas["Notification"] => ({ groups: ["it"], waiting: 0, failing: 0, dead: 0, sent: 3, failed: 0, faults: [], siems: [], heartbeat_error: "", outbox_error: "", ...parts });

describe("notification", () => {
  it.each([
    [{}, "good"],
    [{ groups: [] }, "warn"],
    [{ dead: 1 }, "bad"],
    [{ failing: 2 }, "warn"],
    [{ heartbeat_error: "refused" }, "warn"],
    [{ outbox_error: "disk", dead: 1 }, "bad"],
  ] as [Partial<Schemas["Notification"]>, string][])("%j is %s", (parts, tone) => {
    expect(notificationSays(status(parts)).tone).toBe(tone);
  });

  it("names what does not work with its reason", () => {
    const all = troublesOf(status({ outbox_error: "a", heartbeat_error: "d", faults: [{ name: "webhook:chat", reason: "b" }], siems: [{ name: "soc", confirmed: 1, sent: 0, error: "c" }, { name: "fine", confirmed: 1, sent: 1, error: "" }] }));
    expect(all.map((one) => one.why)).toEqual(["a", "b", "c", "d"]);
    expect(all[1]?.what).toBe("Webhook chat is set up wrongly");
  });

  it("says ways and kinds as people do", () => {
    expect([channelOf("mail:a@b.example"), channelOf("webhook:chat"), channelOf("fax")]).toEqual(["Mail to a@b.example", "Webhook chat", "fax"]);
    expect([letterKind("news"), letterKind("other")]).toEqual(["First message", "other"]);
  });
});
