/** What the console has to know of the text of a rule (Sigma, YAML): which documents it holds and what they stand on. It is read for looking at it only; the node reads it for good. */

export interface Stated {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  /** Product, category and service, those that are stated, joined as the API joins them; `undefined` without a log source. */
  readonly logSource: string | undefined;
  /** Type of a correlation and what it refers to, by id or name. */
  readonly correlation: { readonly type: string; readonly rules: readonly string[] } | undefined;
}

/** The documents of a text, in their order. */
export function documents(text: string): readonly Stated[] {
  return text.split(/^---[ \t]*(?:#.*)?$/m).filter((part) => part.trim() !== "").map(stated);
}

function stated(text: string): Stated {
  const lines = text.split(/\r?\n/);
  const source = block(lines, "logsource");
  const correlation = block(lines, "correlation");
  return {
    id: scalar(lines, "id"),
    name: scalar(lines, "name"),
    title: scalar(lines, "title"),
    logSource: source && ["product", "category", "service"].map((word) => inBlock(source, word)).filter(Boolean).join("/"),
    correlation: correlation && { type: inBlock(correlation, "type"), rules: list(correlation, "rules") },
  };
}

/** The value of a key at the start of a line. */
function scalar(lines: readonly string[], key: string): string {
  const line = lines.find((one) => one.startsWith(`${key}:`));
  return line ? bare(line.slice(key.length + 1)) : "";
}

/** What stands below a key: its own lines, or the pairs within its braces as lines. */
function block(lines: readonly string[], key: string): readonly string[] | undefined {
  const place = lines.findIndex((line) => line.startsWith(`${key}:`));
  const first = lines[place];
  if (first === undefined) return undefined;
  const flow = /\{(.*)\}/.exec(first)?.[1];
  if (flow !== undefined) return pairs(flow).map((pair) => `  ${pair}`);
  const rest = lines.slice(place + 1);
  const end = rest.findIndex((line) => /^\S/.test(line) && !line.startsWith("#"));
  return rest.slice(0, end < 0 ? rest.length : end);
}

/** `a: 1, b: [x, y]` at its outer commas. */
function pairs(flow: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let from = 0;
  [...flow].forEach((letter, place) => {
    if ("[{".includes(letter)) depth += 1;
    else if ("]}".includes(letter)) depth -= 1;
    else if (letter === "," && depth === 0) {
      found.push(flow.slice(from, place).trim());
      from = place + 1;
    }
  });
  return [...found, flow.slice(from).trim()].filter(Boolean);
}

function inBlock(lines: readonly string[], key: string): string {
  const line = lines.find((one) => one.trimStart().startsWith(`${key}:`));
  return line ? bare(line.trimStart().slice(key.length + 1)) : "";
}

/** A list below a key: in brackets, or one `- value` a line. */
function list(lines: readonly string[], key: string): string[] {
  const place = lines.findIndex((one) => one.trimStart().startsWith(`${key}:`));
  const first = lines[place];
  if (first === undefined) return [];
  const flow = /\[(.*)\]/.exec(first)?.[1];
  if (flow !== undefined) return flow.split(",").map(bare).filter(Boolean);
  const found: string[] = [];
  for (const line of lines.slice(place + 1)) {
    const item = /^\s*-\s+(.+)$/.exec(line)?.[1];
    if (item !== undefined) found.push(bare(item));
    else if (line.trim() !== "" && !line.trimStart().startsWith("#")) break;
  }
  return found;
}

/** Without quotes and what is behind ` #`. */
function bare(text: string): string {
  const value = text.trim();
  const quoted = /^(["'])(.*?)\1/.exec(value)?.[2];
  return quoted ?? value.replace(/\s+#.*$/, "").trim();
}
