// Reads vitest's JSON report and counts; what failed is also written beside the counts (COUNTS-FILE.why). Usage: node count-vitest.mjs REPORT COUNTS-FILE
import { appendFileSync, readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
// A file that cannot be loaded has no failed test in it, and has failed all the same.
const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
const skipped = report.numPendingTests + report.numTodoTests;
appendFileSync(process.argv[3], `${report.numPassedTests} ${report.numFailedTests + broken} ${skipped}\n`);
const why = report.testResults.flatMap((file) => [
  ...(file.status === "failed" && file.assertionResults.length === 0 ? [`FAIL ${file.name}\n${file.message}`] : []),
  ...file.assertionResults.filter((test) => test.status === "failed").map((test) => `FAIL ${test.fullName}\n${test.failureMessages.join("\n")}`),
]);
if (why.length > 0) appendFileSync(`${process.argv[3]}.why`, `${why.join("\n")}\n`);
