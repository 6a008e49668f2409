/** A line, or a few, to write a question in. */

import { acceptCompletion, closeCompletion, completionStatus, moveCompletionSelection, selectedCompletionIndex } from "@codemirror/autocomplete";
import { EditorState, Prec, StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, EditorView, keymap, placeholder, type DecorationSet } from "@codemirror/view";
import { openIn, type Base } from "../../parts/editor/base";
import type { Fault } from "./fault";
import { THEME } from "./looks";

export { replaceText } from "../../parts/editor/base";

export interface Options extends Base {
  readonly hint: string;
  /** Enter runs it; else Enter begins a line, and Ctrl Enter runs it. */
  readonly isOneLine: boolean;
  readonly language: Extension;
  readonly onrun: () => void;
}

export function openEditor(options: Options): EditorView {
  return openIn(options, extensions(options));
}

/** Underlines what is wrong. */
export function showFault(view: EditorView, fault: Fault | undefined) {
  view.dispatch({ effects: setFault.of(fault) });
}

const setFault = StateEffect.define<Fault | undefined>();

const faults = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, change) => {
    const said = change.effects.find((one) => one.is(setFault));
    if (!said) return marks.map(change.changes);
    const fault = said.value as Fault | undefined;
    const to = Math.min(fault?.to ?? 0, change.newDoc.length);
    return fault?.isPlaced && fault.from < to ? Decoration.set(Decoration.mark({ class: "fault" }).range(fault.from, to)) : Decoration.none;
  },
  provide: (field) => EditorView.decorations.from(field),
});

function extensions({ hint, isOneLine, language, onrun }: Options): Extension {
  const run = (view: EditorView) => {
    closeCompletion(view);
    onrun();
    return true;
  };
  const enter = { key: "Enter", run: (view: EditorView) => (isChoosing(view) ? false : run(view)) };
  return [
    EditorView.lineWrapping,
    placeholder(hint),
    language,
    faults,
    THEME,
    isOneLine ? oneLine : [],
    // above what completion itself binds: Enter runs unless something was chosen with the arrows, Tab takes the first
    Prec.highest(keymap.of([{ key: "Tab", run: takeFirst }, { key: "Mod-Enter", run }, ...(isOneLine ? [enter] : [])])),
  ];
}

function isChoosing(view: EditorView): boolean {
  return completionStatus(view.state) === "active" && selectedCompletionIndex(view.state) !== null;
}

function takeFirst(view: EditorView): boolean {
  if (completionStatus(view.state) !== "active") return false;
  if (selectedCompletionIndex(view.state) === null) moveCompletionSelection(true)(view);
  return acceptCompletion(view);
}

/** What is pasted with line breaks stands in one line. */
const oneLine = EditorState.transactionFilter.of((change) => {
  if (!change.docChanged || change.newDoc.lines < 2) return change;
  const insert = change.newDoc.toString().replace(/\s*\n\s*/g, " ");
  return { changes: { from: 0, to: change.startState.doc.length, insert }, selection: { anchor: Math.min(insert.length, change.newSelection.main.head) } };
});
