// Loaded into a measured Node process: leaves its peak memory (KB) and its CPU time (ms) in a file when it ends.
const { writeFileSync } = require('node:fs');
process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  writeFileSync(process.env.HARDEN_MAIL_BENCH_RSS, `${maxRSS} ${(userCPUTime + systemCPUTime) / 1000}`);
});
