/** How the editor looks: the page's colours, which come into its shadow root as variables. */

import { EditorView } from "@codemirror/view";

export const THEME = EditorView.theme({
  "&": { color: "var(--ink)", fontSize: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", maxHeight: "220px" },
  ".cm-content": { caretColor: "var(--ink)", padding: "5px 0" },
  ".cm-line": { padding: "0 2px" },
  ".cm-placeholder": { color: "var(--ink-faint)" },
  ".cm-content ::selection, &.cm-focused .cm-content ::selection": { backgroundColor: "var(--chosen)" },
  ".field": { color: "var(--accent)", fontWeight: "600" },
  ".sign": { color: "var(--ink-faint)" },
  ".joins": { color: "var(--low)", fontWeight: "600" },
  ".not": { color: "var(--bad)", fontWeight: "600" },
  ".text": { color: "var(--good)" },
  ".number": { color: "var(--medium)" },
  ".note": { color: "var(--ink-faint)", fontStyle: "italic" },
  ".fault": { textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
  ".cm-tooltip": { border: "1px solid var(--line-strong)", borderRadius: "8px", backgroundColor: "var(--surface)", color: "var(--ink)", boxShadow: "var(--shadow)", overflow: "hidden", zIndex: "30" },
  ".cm-tooltip.cm-tooltip-below": { marginTop: "8px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--font)", maxHeight: "280px", maxWidth: "min(620px, 92vw)", minWidth: "min(420px, 80vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { display: "flex", alignItems: "baseline", gap: "14px", minHeight: "24px", padding: "3px 12px", lineHeight: "1.45" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--chosen)", color: "var(--ink)" },
  ".cm-completionLabel": { fontFamily: "var(--mono)", overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-completionDetail": { marginLeft: "auto", color: "var(--ink-soft)", fontStyle: "normal", flex: "none", maxWidth: "74%", overflow: "hidden", textOverflow: "ellipsis" },
});
