// What a browser loads for the first page until somebody does something, gzipped: index.html, what it names, the Generate
// page among it, and the icon of the rail. tests/browser/speed.test.ts says that nothing else is loaded.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const limit = 220_000;
const first = new Set(["index.html", "theme.js", "icon.svg"]);
const follow = (name) => {
  const text = readFileSync(`dist/${name}`, "utf8");
  for (const [, file] of text.matchAll(/["'](?:\.?\/)?((?:assets\/)?[\w.-]+\.(?:js|css))["']/g)) {
    const path = file.startsWith("assets/") ? file : `assets/${file}`;
    const isDynamic =
      name !== "index.html" && new RegExp(`import\\(\\s*[\`"']\\./${file.replace("assets/", "").replace(/\./g, "\\.")}`).test(text);
    if (assets.has(path) && !first.has(path) && !isDynamic && (name === "index.html" || staticImport(text, file))) {
      first.add(path);
      follow(path);
    }
  }
};
const staticImport = (text, file) =>
  new RegExp(`(?:from|import)\\s*["']\\./${file.replace("assets/", "").replace(/\./g, "\\.")}["']`).test(text);
const assets = new Set(readdirSync("dist/assets").map((f) => `assets/${f}`));
follow("index.html");
for (const css of assets) if (css.endsWith(".css")) first.add(css);
let total = 0;
for (const name of first) {
  const size = gzipSync(readFileSync(`dist/${name}`), { level: 9 }).length;
  total += size;
  console.log(`${String(size).padStart(7)}  ${name}`);
}
console.log(`${String(total).padStart(7)}  first load of Generate, gzipped; at most ${limit}`);
if (total > limit) process.exit(1);
