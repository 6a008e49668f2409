/** The browser suite of the console: each file is a chapter, each check a sentence of behaviour. In one process, because all share one node and one browser. */

import "./sign_in.mjs";
import "./places.mjs";
import "./situation.mjs";
import "./explanation.mjs";
import "./findings.mjs";
import "./appearance.mjs";
import "./explore.mjs";
import "./sources.mjs";
import "./rules.mjs";
import "./entity.mjs";
import "./settings.mjs";
import "./audit.mjs";
import "./live.mjs";
import "./new_node.mjs";
import "./budget.mjs";
import "./whole.mjs";
