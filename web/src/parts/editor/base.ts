/**
 * What every editor of ours is made of. CodeMirror makes style sheets while it runs, which the Content-Security-Policy forbids as elements: within a shadow root it adopts them instead,
 * and nothing of it reaches the page around. Colours come through from the page's own variables.
 */

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Annotation, EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { typesOverColours } from "./typing";

export interface Base {
  readonly host: HTMLElement;
  readonly label: string;
  readonly text: string;
  readonly isOneLine?: boolean;
  readonly onchange: (text: string) => void;
}

const THEME = EditorView.theme({
  "&": { color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-content ::selection, &.cm-focused .cm-content ::selection": { backgroundColor: "var(--chosen)" },
  ".field": { color: "var(--accent)" },
  ".sign": { color: "var(--ink-faint)" },
  ".text": { color: "var(--good)" },
  ".number": { color: "var(--medium)" },
  ".note": { color: "var(--ink-faint)" },
});

/** Opens an editor. What it is for comes before what all have, and wins. */
export function openIn({ host, label, text, isOneLine = false, onchange }: Base, extensions: Extension): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const base = [
    history(),
    THEME,
    typesOverColours,
    EditorView.contentAttributes.of({ "aria-label": label, "aria-multiline": String(!isOneLine), tabindex: "0", spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !update.transactions.some((one) => one.annotation(ours))) onchange(update.state.doc.toString());
    }),
    keymap.of([...historyKeymap, ...defaultKeymap]),
  ];
  return new EditorView({ parent: root, root, state: EditorState.create({ doc: text, extensions: [extensions, base] }) });
}

const ours = Annotation.define<boolean>();

/** Puts a text in as if it had stood there, without telling who listens for what is typed. */
export function replaceText(view: EditorView, text: string) {
  if (view.state.doc.toString() === text) return;
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: text.length }, annotations: ours.of(true) });
}
