import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";

/** A node to develop against: `CORDON_NODE=http://127.0.0.1:8480 npm run dev`. */
const node = process.env["CORDON_NODE"] ?? "http://127.0.0.1:8480";

/** Puts `x.gz` beside every file that a browser gets smaller so: the node hands it out as it is and compresses nothing itself. */
function packed(): Plugin {
  const below = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? below(path) : [path];
    });
  return {
    name: "packed",
    apply: "build",
    closeBundle() {
      if (!existsSync("dist")) return; // what failed is said by who failed
      for (const path of below("dist")) {
        if (/\.(js|css|html|svg|json)$/.test(path)) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

/** Parts of bits-ui have styles in their markup, which the Content-Security-Policy refuses; the same set as a property is allowed. */
function styledByProperty(): Plugin {
  return {
    name: "styled-by-property",
    enforce: "pre",
    transform(code, id) {
      if (!/node_modules\/bits-ui\/.*\.svelte$/.test(id)) return null;
      return { code: code.replace(/ style="([a-z-]+): ([^";{}]+);"/g, ' style:$1="$2"'), map: null };
    },
  };
}

export default defineConfig({
  plugins: [styledByProperty(), svelte(), packed()],
  // nothing inline: the Content-Security-Policy of the node allows files of its own only
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 400 },
  // the decoders' tables of log sources lie beside the console
  server: { fs: { allow: [".."] }, proxy: { "/api": node, "/health": node } },
});
