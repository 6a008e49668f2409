/** Colours in the editor, and how completion looks: the same for every language. */

import type { EditorState, Extension, Range } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, type DecorationSet, type ViewUpdate } from "@codemirror/view";

export const LOOKS = { icons: false, selectOnOpen: false, activateOnTypingDelay: 90, maxRenderedOptions: 60 } as const;

export type Colours = (state: EditorState) => Range<Decoration>[];

/** Texts here are short: all of one is coloured anew with every change, and whenever else `hasChanged` says so. */
export function coloured(colours: Colours, hasChanged?: (update: ViewUpdate) => boolean): Extension {
  const make = (view: EditorView) => Decoration.set(colours(view.state), true);
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = make(view);
      }
      update(update: ViewUpdate) {
        if (update.docChanged || hasChanged?.(update)) this.decorations = make(update.view);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}

const MARKS = Object.fromEntries(["field", "sign", "joins", "not", "text", "number", "note"].map((name) => [name, Decoration.mark({ class: name })]));

export function marked(name: string | undefined, from: number, to: number): Range<Decoration>[] {
  const mark = name ? MARKS[name] : undefined;
  return mark && from < to ? [mark.range(from, to)] : [];
}

