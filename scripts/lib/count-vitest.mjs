// Reads vitest's JSON report and counts. Usage: node count-vitest.mjs REPORT COUNTS-FILE
import { appendFileSync, readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
// A file that cannot be loaded has no failed test in it, and has failed all the same.
const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0).length;
const skipped = report.numPendingTests + report.numTodoTests;
appendFileSync(process.argv[3], `${report.numPassedTests} ${report.numFailedTests + broken} ${skipped}\n`);
