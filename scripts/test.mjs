// Runs the suites named, one after the other, fast ones first, and ends with one line: N passed, N failed, N skipped.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CONFIG = { unit: '.mocharc.json', oracle: '.mocharc.oracle.json', e2e: '.mocharc.e2e.json' };

process.chdir(new URL('..', import.meta.url).pathname);
const folder = mkdtempSync(join(tmpdir(), 'harden-mail-test-'));
const total = { passes: 0, failures: 0, pending: 0 };
const run = (...args) => spawnSync(process.execPath, args, { stdio: 'inherit', env: process.env }).status === 0;

let ok = run('scripts/build.mjs');
for (const suite of process.argv.slice(2)) {
  const started = Date.now();
  const counts = join(folder, suite);
  process.stdout.write(`\n── ${suite} ──\n`);
  process.env.HARDEN_MAIL_COUNTS = counts;
  ok =
    run(
      'node_modules/mocha/bin/mocha.js',
      '--config',
      CONFIG[suite],
      '--reporter',
      'scripts/reporter.cjs',
      `test/${suite}/**/*.test.ts`,
    ) && ok;
  try {
    const { passes, failures, pending } = JSON.parse(readFileSync(counts, 'utf8'));
    total.passes += passes;
    total.failures += failures;
    total.pending += pending;
  } catch {
    total.failures += 1;
    process.stdout.write(`the suite ${suite} did not come to its end\n`);
  }
  process.stdout.write(`${suite}: ${Math.round((Date.now() - started) / 1000)} s\n`);
}
rmSync(folder, { recursive: true });
if (!ok && total.failures === 0) total.failures = 1;
process.stdout.write(`\n${total.passes} passed, ${total.failures} failed, ${total.pending} skipped\n`);
process.exitCode = ok ? 0 : 1;
