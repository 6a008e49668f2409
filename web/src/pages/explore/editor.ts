/**
 * A line, or a few, to write a question in. CodeMirror makes style sheets while it runs, which the Content-Security-Policy forbids as elements: within a shadow root it adopts them instead,
 * and nothing of it reaches the page around. Colours come through from the page's own variables.
 */

import { acceptCompletion, closeCompletion, completionStatus, moveCompletionSelection, selectedCompletionIndex } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Annotation, EditorState, Prec, StateEffect, StateField, type Extension } from "@codemirror/state";
import { Decoration, EditorView, keymap, placeholder, type DecorationSet } from "@codemirror/view";
import { typesOverColours } from "../../parts/typing";
import type { Fault } from "./fault";
import { THEME } from "./theme";

export interface Options {
  readonly host: HTMLElement;
  readonly label: string;
  readonly text: string;
  readonly hint: string;
  /** Enter runs it; else Enter begins a line, and Ctrl Enter runs it. */
  readonly isOneLine: boolean;
  readonly language: Extension;
  readonly onchange: (text: string) => void;
  readonly onrun: () => void;
}

export function openEditor(options: Options): EditorView {
  const root = options.host.shadowRoot ?? options.host.attachShadow({ mode: "open" });
  return new EditorView({ parent: root, root, state: EditorState.create({ doc: options.text, extensions: extensions(options) }) });
}

/** Puts a text in as if it had stood there, without telling who listens for what is typed. */
export function replaceText(view: EditorView, text: string) {
  if (view.state.doc.toString() === text) return;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: text.length }, annotations: ours.of(true) });
}

/** Underlines what is wrong. */
export function showFault(view: EditorView, fault: Fault | undefined) {
  view.dispatch({ effects: setFault.of(fault) });
}

const ours = Annotation.define<boolean>();
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

function extensions({ label, hint, isOneLine, language, onchange, onrun }: Options): Extension {
  const run = (view: EditorView) => {
    closeCompletion(view);
    onrun();
    return true;
  };
  const enter = { key: "Enter", run: (view: EditorView) => (isChoosing(view) ? false : run(view)) };
  return [
    history(),
    EditorView.lineWrapping,
    placeholder(hint),
    language,
    faults,
    THEME,
    EditorView.contentAttributes.of({ "aria-label": label, "aria-multiline": String(!isOneLine), spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !update.transactions.some((one) => one.annotation(ours))) onchange(update.state.doc.toString());
    }),
    isOneLine ? oneLine : [],
    typesOverColours,
    // above what completion itself binds: Enter runs unless something was chosen with the arrows, Tab takes the first
    Prec.highest(keymap.of([{ key: "Tab", run: takeFirst }, { key: "Mod-Enter", run }, ...(isOneLine ? [enter] : [])])),
    keymap.of([...historyKeymap, ...defaultKeymap]),
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
