/** What every editor of ours needs besides what it is for. */

import { EditorView } from "@codemirror/view";

/** Where what is chosen has a colour, Chromium would type over it in an inline style of its own, which the Content-Security-Policy refuses and reports: so that is done here. */
export const typesOverColours = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    if (event.inputType !== "insertText" || event.data === null || event.isComposing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});
