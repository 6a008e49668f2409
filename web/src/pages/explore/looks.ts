/** How the line for questions looks, and its completion: the page's colours, which come into its shadow root as variables. */

import { EditorView } from "@codemirror/view";

export const THEME = EditorView.theme({
  "&": { fontSize: "var(--text)" },
  ".cm-scroller": { lineHeight: "1.5", maxHeight: "220px" },
  ".cm-content": { padding: "5px 0" },
  ".cm-line": { padding: "0 2px" },
  ".cm-placeholder": { color: "var(--ink-faint)" },
  ".field": { fontWeight: "600" },
  ".joins": { color: "var(--low)", fontWeight: "600" },
  ".not": { color: "var(--bad)", fontWeight: "600" },
  ".note": { fontStyle: "italic" },
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
