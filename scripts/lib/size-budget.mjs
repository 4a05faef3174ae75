// What a guest's browser loads until the waiting room must stay small: old phones, mobile data.
// Counts the page, what it names, and what that loads in one language, as sent (Brotli), fonts aside; for guests also
// the call, which is prepared before they wait. Heads and answers of the server come on top: up to 6.8 kB, so that a
// guest stays below 60 kB on the wire, which is the aim.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const dist = join(import.meta.dirname, "../../web/dist");
const budgets = { guest: 53.2, staff: 140 };
const readerBudget = 480;

const size = (file) => statSync(join(dist, existsSync(join(dist, `${file}.br`)) ? `${file}.br` : file)).size;
const assets = readdirSync(join(dist, "assets")).filter((name) => /\.(js|css)$/.test(name));
const kB = (bytes) => (bytes / 1000).toFixed(1).padStart(6);

let failed = false;
for (const [page, budget] of Object.entries(budgets)) {
  const html = readFileSync(join(dist, `${page}.html`), "utf8");
  const named = assets.filter((name) => html.includes(`assets/${name}`));
  const imported = reachable(named);
  const german = assets.filter((name) => name.startsWith(`${page}.de-`));
  const entry = named.map((name) => readFileSync(join(dist, "assets", name), "utf8")).join("\n");
  const call = page === "guest" ? assets.filter((name) => /^call-.*\.js$/.test(name) && entry.includes(name)) : [];
  const first = [`${page}.html`, ...[...new Set([...named, ...imported, ...german, ...call])].map((name) => `assets/${name}`)];
  report(page, first, budget);
}
// Loaded with the first file that somebody looks at.
const readers = assets.filter((name) => /^(pdf|picture)-.*\.js$/.test(name));
report("readers of files", readers.map((name) => `assets/${name}`), readerBudget);

/** Follows static imports only: what is imported dynamically is loaded later. */
function reachable(names, seen = new Set(names)) {
  for (const name of names) {
    if (!name.endsWith(".js")) continue;
    const code = readFileSync(join(dist, "assets", name), "utf8");
    const next = [...code.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)].map((match) => match[1]);
    const fresh = next.filter((found) => !seen.has(found));
    fresh.forEach((found) => seen.add(found));
    reachable(fresh, seen);
  }
  return seen;
}

function report(page, files, limit) {
  const total = files.reduce((sum, file) => sum + size(file), 0);
  for (const file of files) console.log(`${kB(size(file))} kB  ${file}`);
  const over = total > limit * 1000;
  failed ||= over;
  console.log(`${kB(total)} kB  ${page} in all, limit ${limit} kB${over ? ": TOO LARGE" : ""}\n`);
}

process.exit(failed ? 1 : 0);
