/** A filter as words with their places, read as the node reads it (`crates/store/src/query/filter/words.rs`): for colours, for completion and for adding conditions. Whether it is right, only the node says. */

export type Word = "open" | "close" | "minus" | "sign" | "bare" | "quoted";

export interface Placed {
  readonly word: Word;
  readonly from: number;
  readonly to: number;
  /** As it is meant: without quotes. */
  readonly text: string;
  /** It stands right behind a sign. */
  readonly isValue: boolean;
}

/** Longer ones first. */
const SIGNS = [">=", "<=", "!=", ":", "=", ">", "<"] as const;
const BLANK = /\s/;

/** Splits a filter into words; a quote that is never closed goes to the end. */
export function words(text: string): Placed[] {
  const found: Placed[] = [];
  let at = 0;
  while (at < text.length) {
    const letter = text.charAt(at);
    if (BLANK.test(letter)) {
      at += 1;
      continue;
    }
    const last = found.at(-1);
    const isValue = last?.word === "sign" && last.to === at;
    const one = next(text, at, letter, isValue);
    found.push(one);
    at = one.to;
  }
  return found;
}

function next(text: string, from: number, letter: string, isValue: boolean): Placed {
  const short = (word: Word, length = 1): Placed => ({ word, from, to: from + length, text: text.slice(from, from + length), isValue });
  if (letter === "(") return short("open");
  if (letter === ")") return short("close");
  if (letter === '"') return quoted(text, from, isValue);
  if (letter === "-" && !isValue) return short("minus");
  const sign = isValue ? undefined : SIGNS.find((one) => text.startsWith(one, from));
  if (sign) return short("sign", sign.length);
  const ends = isValue ? /[\s()"]/ : /[\s()":=><!]/;
  const length = text.slice(from + 1).search(ends);
  return short("bare", length < 0 ? text.length - from : length + 1);
}

function quoted(text: string, from: number, isValue: boolean): Placed {
  let said = "";
  for (let at = from + 1; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '"') return { word: "quoted", from, to: at + 1, text: said, isValue };
    const after = text.charAt(at + 1);
    if (letter === "\\" && (after === '"' || after === "\\")) at += 1;
    said += text.charAt(at);
  }
  return { word: "quoted", from, to: text.length, text: said, isValue };
}

/** A value as it has to be written: in quotes when it holds what would mean something else. */
export function written(value: string): string {
  if (value !== "" && !/[\s()"*]/.test(value)) return value;
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
