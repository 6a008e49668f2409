/** The text of a rule to edit. */

import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { openIn, type Base } from "../../parts/editor/base";
import { coloured, marked } from "../../parts/editor/colours";
import { tokens } from "./yaml";

const THEME = EditorView.theme({
  "&": { fontSize: "0.75rem", backgroundColor: "var(--surface)", height: "100%" },
  ".cm-scroller": { lineHeight: "1.55" },
  ".cm-content": { padding: "8px 0" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--ink-faint)", border: "0", paddingInline: "4px" },
});

export interface Options extends Base {
  /** Ctrl Enter. */
  readonly onrun: () => void;
}

export function openEditor(options: Options): EditorView {
  const run = () => {
    options.onrun();
    return true;
  };
  return openIn(options, [
    lineNumbers(),
    coloured((state) => tokens(state.doc.toString()).flatMap((token) => marked(token.kind, token.from, token.to))),
    THEME,
    keymap.of([{ key: "Mod-Enter", run }]),
  ]);
}
