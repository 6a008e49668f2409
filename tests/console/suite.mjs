/**
 * The browser suite of the console: each file is a chapter, each check a sentence of behaviour. In one process, because all share one node and one browser. Two lanes go side by side: the pages as each role sees them, which changes
 * nothing, and what people do. What stops the node or looks back comes after both. For pictures everything waits until they are taken.
 */

import { describe } from "node:test";
import { appearance } from "./appearance.mjs";
import { audit } from "./audit.mjs";
import { budget } from "./budget.mjs";
import { entity } from "./entity.mjs";
import { explanation } from "./explanation.mjs";
import { explore } from "./explore.mjs";
import { findings } from "./findings.mjs";
import { live } from "./live.mjs";
import { models } from "./models.mjs";
import { names } from "./names.mjs";
import { newNode } from "./new_node.mjs";
import { places } from "./places.mjs";
import { privacy } from "./privacy.mjs";
import { rules } from "./rules.mjs";
import { settings } from "./settings.mjs";
import { signIn } from "./sign_in.mjs";
import { situation } from "./situation.mjs";
import { sources } from "./sources.mjs";
import { staff } from "./staff.mjs";
import { whole } from "./whole.mjs";

const LANES = process.env.CORDON_SCREENS === "1" ? 1 : 2;
const inTurn = (name, chapters) => describe(name, { concurrency: 1 }, () => chapters.forEach((chapter) => chapter()));

describe("The console", { concurrency: LANES }, () => {
  inTurn("Every page", [places]);
  inTurn("What people do", [signIn, situation, explanation, explore, sources, rules, entity, privacy, models, findings, appearance, settings, audit]);
});
inTurn("Then", [live, newNode, staff, names, budget, whole]);
