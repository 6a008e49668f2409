import { describe, expect, it } from "vitest";
import { GUIDES, guideOf, intakeOf, nodeOf, PORTS } from "./guides";

const away = nodeOf("cordon.hospital.example");

describe("the node of a guide", () => {
  it("speaks TLS everywhere but on its own machine", () => {
    expect(intakeOf(away)).toBe("https://cordon.hospital.example:8481");
    expect(intakeOf(nodeOf("127.0.0.1"))).toBe("http://127.0.0.1:8481");
    expect(intakeOf(nodeOf("localhost"))).toBe("http://localhost:8481");
    expect(intakeOf(nodeOf("[2001:db8::1]"))).toBe("https://[2001:db8::1]:8481");
  });
});

describe("guides", () => {
  it("are found by their name, which stands in the address", () => {
    expect(new Set(GUIDES.map((guide) => guide.name)).size).toBe(GUIDES.length);
    expect(GUIDES.every((guide) => /^[a-z-]+$/.test(guide.name))).toBe(true);
    expect(guideOf("rsyslog")?.title).toBe("rsyslog");
    expect(guideOf("nothing")).toBeUndefined();
  });

  it.each(GUIDES.map((guide) => [guide.name, guide] as const))("%s names the node and its token, and says where it was not tried", (_name, guide) => {
    const token = "secret-token";
    const blocks = guide.blocks({ ...away, token });
    const all = [guide.settings, ...blocks.map((block) => block.text)].join("\n");
    expect(all).toMatch(/cordon\.hospital\.example|0\.0\.0\.0/);
    if (guide.wantsToken) expect(all).toContain(token);
    expect(all).not.toContain("undefined");
    expect(all).not.toMatch(/http:\/\/cordon\.hospital/);
  });

  it("use the ports of the documentation", () => {
    expect(PORTS).toEqual({ http: 8481, syslog: 5514, syslog_tls: 6514, relp: 2514, mllp: 2575 });
  });

  it("never put this node between two clinical systems", () => {
    const mllp = guideOf("mllp");
    expect(mllp?.settings).toContain("care = true");
    expect(mllp?.notes.join(" ")).toContain("Never put this node between two clinical systems");
  });
});
