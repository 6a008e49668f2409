/** SQL in the editor: colours, and completion of words and columns. */

import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { keywordCompletionSource, sql, StandardSQL } from "@codemirror/lang-sql";
import { syntaxTree } from "@codemirror/language";
import type { EditorState, Extension, Range } from "@codemirror/state";
import type { Decoration } from "@codemirror/view";
import { coloured, LOOKS, marked } from "../../parts/editor/colours";
import { titleOf } from "./columns";

/** The tables of events, all of which have the columns of `events` that fit them. */
const TABLES = ["events", "identity", "process", "file", "system", "network", "dns", "web", "detections", "record_access", "clinical", "other"];

/** Words in these are what somebody looks for, never names. */
const TEXTS: ReadonlySet<string> = new Set(["String", "LineComment", "BlockComment"]);

export function sqlLanguage(columns: () => Promise<readonly string[]>): Extension {
  return [
    sql({ dialect: StandardSQL }),
    coloured(sqlColours, (update) => syntaxTree(update.startState) !== syntaxTree(update.state)),
    autocompletion({ ...LOOKS, override: [keywordCompletionSource(StandardSQL), (context) => names(context, columns)] }),
  ];
}

async function names(context: CompletionContext, columns: () => Promise<readonly string[]>): Promise<CompletionResult | null> {
  const word = context.matchBefore(/\w+/);
  if ((!word && !context.explicit) || TEXTS.has(syntaxTree(context.state).resolveInner(context.pos, -1).name)) return null;
  const known = await columns().catch(() => []);
  const options = [
    ...known.map((column) => ({ label: column, detail: titleOf(column) === column ? "" : titleOf(column), boost: 10 })),
    ...TABLES.map((table) => ({ label: table, detail: "table", boost: 5 })),
  ];
  return { from: word?.from ?? context.pos, options, validFor: /^\w*$/ };
}

/** Names of nodes of the grammar of `lang-sql`. */
const SQL_COLOURS: Readonly<Record<string, string>> = {
  Keyword: "joins", Type: "field", Builtin: "field", Bool: "number", Null: "number", Number: "number", String: "text", QuotedIdentifier: "text", LineComment: "note", BlockComment: "note", Operator: "sign", Punctuation: "sign",
};

function sqlColours(state: EditorState): Range<Decoration>[] {
  const found: Range<Decoration>[] = [];
  syntaxTree(state).iterate({ enter: (node) => void found.push(...marked(SQL_COLOURS[node.name], node.from, node.to)) });
  return found;
}
