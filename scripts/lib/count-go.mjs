// Reads `go test -json`, shows one line per package and everything about what failed, and counts.
// What failed is also written beside the counts, to be told once more at the very end (COUNTS-FILE.why).
// Usage: go test -json ./... | node count-go.mjs COUNTS-FILE
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const counts = { pass: 0, fail: 0, skip: 0 };
let unchanged = 0;
const passedIn = new Map();
const output = new Map();
const failedTests = new Map();

const idOf = (event) => `${event.Package ?? event.ImportPath} ${event.Test ?? ""}`;

for await (const line of createInterface({ input: process.stdin })) {
  let event;
  try {
    event = JSON.parse(line);
  } catch {
    console.log(line); // Not from a test: a build error, or the go command itself.
    continue;
  }
  const id = idOf(event);
  if (event.Action === "output" || event.Action === "build-output") {
    output.set(id, (output.get(id) ?? "") + event.Output);
  } else if (event.Action === "build-fail") {
    process.stdout.write(output.get(id) ?? "");
  } else if (event.Action in counts) {
    finish(event, id);
  }
}

function finish(event, id) {
  if (event.Test) {
    counts[event.Action]++;
    if (event.Action === "pass") passedIn.set(event.Package, (passedIn.get(event.Package) ?? 0) + 1);
    if (event.Action === "fail") {
      failedTests.set(event.Package, (failedTests.get(event.Package) ?? 0) + 1);
      tellFailed(id);
    }
    if (event.Action === "skip") console.log(`skip ${id}: ${reason(output.get(id) ?? "")}`);
    output.delete(id);
    return;
  }
  if (event.Action === "skip") return; // A package without tests is no skipped test.
  const cached = (output.get(id) ?? "").includes("(cached)");
  if (cached) unchanged += passedIn.get(event.Package) ?? 0;
  console.log(`${event.Action === "pass" ? "ok  " : "FAIL"} ${event.Package} ${cached ? "unchanged" : `${event.Elapsed ?? 0}s`}`);
  // A package may fail without any test failing: it did not build, a race or a panic ended it.
  if (event.Action === "fail" && !failedTests.has(event.Package)) {
    counts.fail++;
    tellFailed(id);
  }
}

function tellFailed(id) {
  const said = `FAIL ${id}\n${output.get(id) ?? ""}`;
  process.stdout.write(said);
  appendFileSync(`${process.argv[2]}.why`, said.length > 4000 ? `${said.slice(0, 2000)}\n[…]\n${said.slice(-2000)}` : said);
}

function reason(text) {
  const said = text.split("\n").filter((line) => line && !/^=== |^\s*--- SKIP/.test(line));
  return said.map((line) => line.trim()).join(" ");
}

appendFileSync(process.argv[2], `${counts.pass} ${counts.fail} ${counts.skip} ${unchanged}\n`);
process.exit(counts.fail > 0 ? 1 : 0);
