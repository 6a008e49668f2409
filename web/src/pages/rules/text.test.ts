import { describe, expect, it } from "vitest";
import { documents } from "./text";

describe("documents of a text", () => {
  it("say what they look at", () => {
    const [first, second] = documents("title: One\nid: a # its id\nlogsource:\n    product: windows\n    category: process_creation # Sysmon\ndetection:\n    s:\n        product: no\n---\ntitle: 'Two: too'\nid: \"b\"\nlogsource: {product: windows, service: security}\n");
    expect(first).toEqual({ id: "a", name: "", title: "One", logSource: "windows/process_creation", correlation: undefined });
    expect(second).toEqual({ id: "b", name: "", title: "Two: too", logSource: "windows/security", correlation: undefined });
  });

  it("say what a correlation stands on", () => {
    const block = "title: C\ncorrelation:\n    type: temporal\n    rules:\n        - stop\n        - 'b'\n    group-by:\n        - Computer\nlevel: high\n";
    expect(documents(block)[0]?.correlation).toEqual({ type: "temporal", rules: ["stop", "b"] });
    const flow = "title: C\ncorrelation: {type: event_count, rules: [base, other], group-by: [User], timespan: 1m, condition: {gte: 2}}\n";
    expect(documents(flow)[0]?.correlation).toEqual({ type: "event_count", rules: ["base", "other"] });
  });

  it("need no order, no end of line and no content", () => {
    expect(documents("")).toEqual([]);
    expect(documents("---\n---\n")).toEqual([]);
    expect(documents("logsource:\r\n  service: x\r\nid: a")[0]).toMatchObject({ id: "a", logSource: "x" });
  });
});
