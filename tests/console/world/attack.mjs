/** Something happens while somebody looks. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./node.mjs";
import { world } from "./world.mjs";

/** A record that a rule speaks of, about a user of whom nothing was said before. */
export async function attack(user) {
  const { now } = await world.ask("analyst", "GET", "/api/v1/health");
  const lines = readFileSync(join(ROOT, "fixtures/lakeside/evening/windows/BKP01.jsonl"), "utf8").split("\n");
  const line = lines.find((one) => one.includes('"EventID":4688,') && /vssadmin\.exe delete/.test(one));
  const at = /"SystemTime":"([^"]+)"/.exec(line)[1];
  const path = join(world.node.folder, `${user}.jsonl`);
  const record = line.replaceAll("adm.okafor", user).replaceAll(at, now).replace(/"EventRecordID":(\d+)/, (_, id) => `"EventRecordID":${Number(id) + 100_000}`);
  writeFileSync(path, `${record}\n`);
  await world.node.run("replay", ["--url", world.node.intake, "--token-file", world.tokens.replay, "--speed", "0", "--no-progress", path], { isBeside: false });
}
