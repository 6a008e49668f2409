/** The text of a rule to edit. CodeMirror stands within a shadow root: there it may adopt style sheets, which the Content-Security-Policy forbids as elements. */

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { EditorState, type Range } from "@codemirror/state";
import { Decoration, EditorView, keymap, lineNumbers, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";
import { tokens, type Kind } from "./yaml";

const THEME = EditorView.theme({
  "&": { color: "var(--ink)", fontSize: "0.75rem", backgroundColor: "var(--surface)", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--ink)", padding: "8px 0" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--ink-faint)", border: "0", paddingInline: "4px" },
  ".cm-content ::selection, &.cm-focused .cm-content ::selection": { backgroundColor: "var(--chosen)" },
  ".field": { color: "var(--accent)" },
  ".text": { color: "var(--good)" },
  ".number": { color: "var(--medium)" },
  ".note": { color: "var(--ink-faint)" },
  ".sign": { color: "var(--ink-faint)" },
});

const MARKS: Readonly<Record<Kind, Decoration>> = {
  field: Decoration.mark({ class: "field" }),
  text: Decoration.mark({ class: "text" }),
  number: Decoration.mark({ class: "number" }),
  note: Decoration.mark({ class: "note" }),
  sign: Decoration.mark({ class: "sign" }),
};

function colours(state: EditorState): DecorationSet {
  const marks: Range<Decoration>[] = tokens(state.doc.toString()).filter((token) => token.from < token.to).map((token) => MARKS[token.kind].range(token.from, token.to));
  return Decoration.set(marks, true);
}

const coloured = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = colours(view.state);
    }
    update(update: ViewUpdate) {
      if (update.docChanged) this.decorations = colours(update.state);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

export interface Options {
  readonly host: HTMLElement;
  readonly label: string;
  readonly text: string;
  readonly onchange: (text: string) => void;
  /** Ctrl Enter. */
  readonly onrun: () => void;
}

export function openEditor({ host, label, text, onchange, onrun }: Options): EditorView {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const run = () => {
    onrun();
    return true;
  };
  const extensions = [
    lineNumbers(),
    history(),
    coloured,
    THEME,
    EditorView.contentAttributes.of({ "aria-label": label, "aria-multiline": "true", tabindex: "0", spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
    EditorView.updateListener.of((update) => update.docChanged && onchange(update.state.doc.toString())),
    keymap.of([{ key: "Mod-Enter", run }, ...historyKeymap, ...defaultKeymap]),
  ];
  return new EditorView({ parent: root, root, state: EditorState.create({ doc: text, extensions }) });
}
