/** SQL in the editor: colours, and completion of words and columns. */

import { autocompletion } from "@codemirror/autocomplete";
import { sql, StandardSQL } from "@codemirror/lang-sql";
import { syntaxTree } from "@codemirror/language";
import type { EditorState, Extension, Range } from "@codemirror/state";
import type { Decoration } from "@codemirror/view";
import { coloured, LOOKS, marked } from "./colours";
import { titleOf } from "./columns";

/** The tables of events, all of which have the columns of `events` that fit them. */
const TABLES = ["identity", "process", "file", "system", "network", "dns", "web", "detections", "record_access", "clinical", "other"];

export function sqlLanguage(columns: readonly string[]): Extension {
  const all = columns.map((column) => ({ label: column, detail: titleOf(column) === column ? "" : titleOf(column), type: "property" }));
  const schema = { events: all, ...Object.fromEntries(TABLES.map((table) => [table, []])) };
  return [sql({ dialect: StandardSQL, schema, defaultTable: "events" }), coloured(sqlColours, (update) => syntaxTree(update.startState) !== syntaxTree(update.state)), autocompletion(LOOKS)];
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
