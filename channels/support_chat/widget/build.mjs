// Bundles src/ into ../static/widget.js: one classic script, with the digest of what it was made of.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = ["chrome90", "edge90", "firefox90", "safari15.4"];

/** The files that the built one depends on, in the order of their paths. */
function sources() {
  const found = readdirSync(join(HERE, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return [...found, join(HERE, "build.mjs"), join(HERE, "package-lock.json")]
    .map((path) => [relative(HERE, path).split(sep).join("/"), path])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** SHA-256 over name and content of each source; the suite computes the same. */
function digest() {
  const hash = createHash("sha256");
  for (const [name, path] of sources()) {
    const content = readFileSync(path);
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

const minifiedCss = {
  name: "css",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), {
        loader: "css",
        minify: true,
        target: TARGET,
      });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const outfile = join(HERE, "../static/widget.js");
const { outputFiles } = await build({
  entryPoints: [join(HERE, "src/main.js")],
  bundle: true,
  minify: true,
  // By our own rule these belong to one class and are spoken of by nobody else.
  mangleProps: /^_/,
  format: "iife",
  charset: "utf8",
  target: TARGET,
  legalComments: "none",
  plugins: [minifiedCss],
  banner: { js: `/*! support-core chat widget, MIT. Sources: ${digest()} */` },
  write: false,
});
const built = Buffer.from(outputFiles[0].contents);
writeFileSync(outfile, built);
console.log(`${relative(process.cwd(), outfile)}: ${built.length} bytes, ${gzipSync(built).length} gzipped`);
