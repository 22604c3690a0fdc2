// Loaded into a measured Node process: leaves its peak memory (KB) in a file when it ends.
const { writeFileSync } = require('node:fs');
process.on('exit', () => writeFileSync(process.env.HARDEN_MAIL_BENCH_RSS, String(process.resourceUsage().maxRSS)));
