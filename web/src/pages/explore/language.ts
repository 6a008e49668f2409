/** The filter language in the editor: colours, and completion of fields and of the values that the node knows. */

import { autocompletion, startCompletion, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import type { EditorState, Extension, Range } from "@codemirror/state";
import type { Decoration, EditorView } from "@codemirror/view";
import { count } from "../../app/words";
import { coloured, LOOKS, marked } from "../../parts/editor/colours";
import { titleOf, type FieldHelp } from "./columns";
import { TIMES, wantedAt, type Wanted } from "./complete";
import type { KnownValue } from "./known";
import { words, written, type Placed } from "./words";

/** What completion asks for. */
export interface Knows {
  readonly fields: () => Promise<readonly FieldHelp[]>;
  readonly columns: () => Promise<readonly string[]>;
  readonly values: (field: string, prefix: string) => Promise<readonly KnownValue[]>;
}

export function filterLanguage(knows: Knows): Extension {
  return [coloured(filterColours), autocompletion({ ...LOOKS, override: [(context) => completion(context, knows)] })];
}

function filterColours(state: EditorState): Range<Decoration>[] {
  const all = words(state.doc.toString());
  return all.flatMap((one, place) => marked(filterColour(one, all[place + 1]), one.from, one.to));
}

function filterColour(one: Placed, next: Placed | undefined): string | undefined {
  if (one.word === "minus") return "not";
  if (one.word === "sign" || one.word === "open" || one.word === "close") return "sign";
  if (one.word === "quoted") return "text";
  if (one.isValue) return undefined;
  if (next?.word === "sign") return "field";
  const word = one.text.toLowerCase();
  return word === "not" ? "not" : word === "or" || word === "and" ? "joins" : undefined;
}

async function completion(context: CompletionContext, knows: Knows): Promise<CompletionResult | null> {
  const wanted = wantedAt(context.state.doc.toString(), context.pos);
  if (!wanted || (wanted.kind === "field" && wanted.prefix === "" && !context.explicit)) return null;
  const options = await (wanted.kind === "field" ? fieldOptions(knows) : valueOptions(wanted, knows)).catch(() => []);
  if (context.aborted || options.length === 0) return null;
  // values were chosen by the node; fields are matched here
  return { from: wanted.from, to: wanted.to, options, filter: wanted.kind === "field", ...(wanted.kind === "field" ? { validFor: /^[\w.]*$/ } : {}) };
}

async function fieldOptions(knows: Knows): Promise<Completion[]> {
  const [fields, columns] = await Promise.all([knows.fields(), knows.columns().catch(() => [])]);
  const named = new Set(fields.map((field) => field.name));
  const one = (name: string, detail: string, boost: number): Completion => ({ label: name, detail, boost, apply: fieldIn });
  return [
    ...fields.map((field) => one(field.name, field.meaning, 20)),
    ...TIMES.map((time) => one(time.name, time.meaning, 10)),
    ...columns.filter((column) => !named.has(column) && !column.endsWith("_bytes")).map((column) => one(column, titleOf(column) === column ? "column" : titleOf(column), -20)),
  ];
}

/** A chosen field gets its sign, and its values are offered at once. */
function fieldIn(view: EditorView, chosen: Completion, from: number, to: number) {
  const hasSign = /^[:=<>!]/.test(view.state.sliceDoc(to, to + 1));
  const insert = hasSign ? chosen.label : `${chosen.label}:`;
  view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + insert.length + (hasSign ? 1 : 0) }, userEvent: "input.complete" });
  startCompletion(view);
}

async function valueOptions(wanted: Wanted, knows: Knows): Promise<Completion[]> {
  const values = await knows.values(wanted.field, wanted.prefix);
  return values.map(({ value, count: events }) => ({ label: value, apply: `${written(value)} `, ...(events === undefined ? {} : { detail: count(events) }) }));
}
