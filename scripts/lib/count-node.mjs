// Passes through what `node --test` says and counts from its closing lines. Usage: … | node count-node.mjs COUNTS-FILE
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const counts = { pass: 0, fail: 0, cancelled: 0, skipped: 0, todo: 0, unchanged: 0 };
for await (const line of createInterface({ input: process.stdin })) {
  console.log(line);
  const [, name, number] = /^(?:#|ℹ) (pass|fail|cancelled|skipped|todo|unchanged) (\d+)$/.exec(line) ?? [];
  if (name) counts[name] += Number(number);
}
appendFileSync(process.argv[2], `${counts.pass} ${counts.fail + counts.cancelled} ${counts.skipped + counts.todo} ${counts.unchanged}\n`);
