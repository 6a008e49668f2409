/** Colours for the text of a rule: keys, quoted texts, numbers, remarks. Not a reader of YAML. */

export type Kind = "field" | "text" | "number" | "note" | "sign";

export interface Token {
  readonly from: number;
  readonly to: number;
  readonly kind: Kind;
}

const LINE = /^(\s*(?:-\s+)*)(?:([\w.|\-$*]+)(:)(?=\s|$))?/;
const REST = /(#.*$)|("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')|(?<=^|[\s[,{])(-?\d+(?:\.\d+)?)(?=$|[\s\],}])/g;

export function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  let at = 0;
  for (const line of text.split("\n")) {
    lineTokens(line, at, found);
    at += line.length + 1;
  }
  return found;
}

function lineTokens(line: string, at: number, found: Token[]) {
  if (line === "---") return void found.push({ from: at, to: at + 3, kind: "sign" });
  const [, indent = "", key = "", colon = ""] = LINE.exec(line) ?? [];
  if (colon) found.push({ from: at + indent.length, to: at + indent.length + key.length, kind: "field" });
  const start = colon ? indent.length + key.length + colon.length : 0;
  for (const match of line.slice(start).matchAll(REST)) {
    // a # within a word is no remark
    if (match[1] && match.index > 0 && !/\s/.test(line.charAt(start + match.index - 1))) continue;
    const kind: Kind = match[1] ? "note" : match[2] ? "text" : "number";
    found.push({ from: at + start + match.index, to: at + start + match.index + match[0].length, kind });
  }
}

export interface Piece {
  readonly text: string;
  readonly kind: Kind | "";
}

/** The text in pieces, each with its kind. */
export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const token of tokens(text)) {
    if (token.from > end) found.push({ text: text.slice(end, token.from), kind: "" });
    found.push({ text: text.slice(token.from, token.to), kind: token.kind });
    end = token.to;
  }
  if (end < text.length) found.push({ text: text.slice(end), kind: "" });
  return found;
}
