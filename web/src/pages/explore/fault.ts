/** Where in a question something is wrong, out of the detail of a problem. */

export interface Fault {
  /** Letters of the question that it is about; both 0 when it names no place. */
  readonly from: number;
  readonly to: number;
  readonly isPlaced: boolean;
  readonly message: string;
  /** What may have been meant in its place. */
  readonly instead: string | undefined;
}

/** `The filter at byte 8: there is no field `usr`; did you mean `user`?` */
export function filterFault(detail: string, filter: string): Fault {
  const said = /^the filter at byte (\d+): (.*)$/is.exec(detail);
  if (!said) return unplaced(detail);
  const from = letterAt(filter, Number(said[1]));
  const message = sentence(said[2] ?? "");
  const instead = /did you mean `([^`]+)`\?/.exec(message)?.[1];
  return { from, to: wordEnd(filter, from, /[\s():=<>!"]/), isPlaced: true, message, instead };
}

/** Faults of SQL name a line and a column, or something that is not there. */
export function sqlFault(detail: string, sql: string): Fault {
  const message = sentence(plain(detail));
  const placed = /at Line: (\d+), Column: (\d+)/.exec(detail);
  const missing = /(?:No field named |table '?|function ')([\w."]+)/i.exec(message)?.[1]?.replace(/[."']+$/, "");
  const instead = placed ? undefined : /Did you mean '([\w.]+)'/.exec(message)?.[1];
  const from = placed ? letterOfLine(sql, Number(placed[1]), Number(placed[2])) : missing ? sql.toLowerCase().indexOf(missing.toLowerCase()) : -1;
  if (from < 0) return unplaced(message);
  return { from, to: placed ? wordEnd(sql, from, /[\s(),;]/) : from + (missing?.length ?? 1), isPlaced: true, message, instead };
}

/** What the engine says around the fault, and the list of all columns, help nobody here: columns are offered while typing. */
function plain(detail: string): string {
  return detail
    .replace(/^the query cannot be understood: /i, "")
    .replace(/\s*Valid fields are .*$/s, " Ctrl Space shows the columns there are.")
    .replace(/^(Error during planning|Schema error|SQL error): /i, "")
    .replace(/^ParserError\("(.*)"\)\.?$/s, "$1")
    .replaceAll("datafusion.public.", "")
    .replaceAll("'events.", "'")
    .replace(/ at Line: \d+, Column: \d+/, "");
}

function unplaced(message: string): Fault {
  return { from: 0, to: 0, isPlaced: false, message: sentence(message), instead: undefined };
}

/** Bytes of UTF-8 to letters of JavaScript. */
export function letterAt(text: string, byte: number): number {
  let bytes = 0;
  let letters = 0;
  for (const letter of text) {
    if (bytes >= byte) break;
    const point = letter.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    letters += letter.length;
  }
  return letters;
}

/** Line and column as people count, from 1. */
function letterOfLine(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return Math.min(text.length, before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1);
}

function wordEnd(text: string, from: number, ends: RegExp): number {
  const length = text.slice(from + 1).search(ends);
  return Math.min(text.length, length < 0 ? text.length : from + 1 + length);
}

function sentence(text: string): string {
  const whole = text.trim();
  const said = whole.charAt(0).toUpperCase() + whole.slice(1);
  return /[.!?]$/.test(said) ? said : `${said}.`;
}
