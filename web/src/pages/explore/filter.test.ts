import { describe, expect, it } from "vitest";
import { added, condition, removed, standing, terms } from "./filter";
import { words, written } from "./words";

const said = (filter: string) => words(filter).map((one) => `${one.word}:${one.text}${one.isValue ? "!" : ""}`);

describe("words", () => {
  it("splits as the node does", () => {
    expect(said("user:jdoe -host=ws1")).toEqual(["bare:user", "sign::", "bare:jdoe!", "minus:-", "bare:host", "sign:=", "bare:ws1!"]);
    expect(said('severity>=high "free text" (a or b)')).toEqual(["bare:severity", "sign:>=", "bare:high!", "quoted:free text", "open:(", "bare:a", "bare:or", "bare:b", "close:)"]);
  });

  it("lets a value hold signs and a minus", () => {
    expect(said("file:C:\\x=1")).toEqual(["bare:file", "sign::", "bare:C:\\x=1!"]);
    expect(said("user:-x")).toEqual(["bare:user", "sign::", "bare:-x!"]);
    expect(said("src_ip:fe80::1")).toEqual(["bare:src_ip", "sign::", "bare:fe80::1!"]);
  });

  it("resolves quotes, also one that is never closed", () => {
    expect(said('a:"x \\"y\\" \\\\ \\n"')).toEqual(["bare:a", "sign::", 'quoted:x "y" \\ \\n!']);
    expect(said('a:"x y')).toEqual(["bare:a", "sign::", "quoted:x y!"]);
  });

  it("ends on any text, with places that join", () => {
    for (const text of ["", " ", ":", "::", "-", "()", '"', "a:(", 'é:"ü"', "\\", "!", "a!b", "x:y:z)"]) {
      const all = words(text);
      all.forEach((one, place) => expect(one.from).toBeGreaterThanOrEqual(all[place - 1]?.to ?? 0));
      expect(all.at(-1)?.to ?? 0).toBeLessThanOrEqual(text.length);
    }
  });

  it("writes a value so that it is read as it was", () => {
    for (const value of ["jdoe", "a b", 'say "hi"', "C:\\a b\\c", "*", "", "(x)", "-x", "or", "é ü"]) {
      const last = words(condition("field", value)).at(-1);
      expect(last?.text).toBe(value);
      expect(written(value) === value || last?.word === "quoted").toBe(true);
    }
  });
});

describe("conditions", () => {
  it("finds those that hold for all", () => {
    expect(terms('user:jdoe and -class:"DNS Activity" not word (a or b)').map((one) => `${one.isNot ? "-" : ""}${one.text}`)).toEqual(["user:jdoe", '-class:"DNS Activity"', "-word", "(aorb)"]);
    expect(terms("a or b")).toEqual([]);
    expect(terms("host:(a b) x").map((one) => one.text)).toEqual(["host:(ab)", "x"]);
  });

  it("adds, replaces the opposite and takes out again", () => {
    expect(added("", "user:a")).toBe("user:a");
    expect(added("last:24h", "user:a", true)).toBe("last:24h -user:a");
    expect(added("user:a last:24h", "user:a", true)).toBe("last:24h -user:a");
    expect(added("a or b", "user:a")).toBe("(a or b) user:a");
    expect(removed("x user:a y", "user:a")).toBe("x y");
    expect(removed("x and user:a and y", "user:a")).toBe("x and y");
    expect(removed("user:a and y", "user:a")).toBe("y");
    expect(removed("x and not user:a", "user:a")).toBe("x");
    expect(removed('x USER:"a"', "user:a")).toBe("x");
  });

  it("says how a condition stands", () => {
    expect(standing("user:a -class:b", "user:a")).toBe("only");
    expect(standing("user:a -class:b", "class:b")).toBe("not");
    expect(standing("user:a", "user:b")).toBeUndefined();
    expect(standing("user:a or user:b", "user:a")).toBeUndefined();
  });

  it("adding and taking out again leaves what was there", () => {
    for (const filter of ["", "a", "a b", "user:x and b", "-x", '"free text" severity>=high', "(a or b) c"]) {
      expect(removed(added(filter, 'class:"DNS Activity"'), 'class:"DNS Activity"')).toBe(filter);
    }
  });
});
