// Passes through what `node --test` says and counts from its closing lines. What failed is also written beside the counts,
// to be told once more at the very end (COUNTS-FILE.why). Usage: … | node count-node.mjs COUNTS-FILE
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const counts = { pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0, unchanged: 0 };
let failing = false; // within what TAP says of a test that failed: from "not ok" to "..."
for await (const line of createInterface({ input: process.stdin })) {
  console.log(line);
  failing ||= /^\s*not ok /.test(line);
  if (failing) appendFileSync(`${process.argv[2]}.why`, `${line}\n`);
  failing &&= !/^\s*\.\.\.$/.test(line);
  const [, name, number] = /^(?:#|ℹ) (pass|fail|cancelled|skipped|todo|unchanged) (\d+)$/.exec(line) ?? [];
  if (name) counts[name] += Number(number);
}
appendFileSync(process.argv[2], `${counts.pass} ${counts.fail + counts.cancelled} ${counts.skipped + counts.todo} ${counts.unchanged}\n`);
