// Runs the test suites and ends with one line: N passed, N failed, N skipped. The fast ones come first; then those that
// mostly compute (the oracle) beside those that mostly wait (hosts).
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CONFIG = { unit: '.mocharc.json', oracle: '.mocharc.oracle.json', e2e: '.mocharc.e2e.json' };

process.chdir(new URL('..', import.meta.url).pathname);
const folder = mkdtempSync(join(tmpdir(), 'harden-mail-test-'));
const total = { passes: 0, failures: 0, pending: 0 };

/** @returns whether it ended well; what it prints is shown as it comes, or in one piece at its end */
function run(args, { live = true, env = {} } = {}) {
  return new Promise((resolve) => {
    const stdio = live ? 'inherit' : ['ignore', 'pipe', 'pipe'];
    const child = spawn(process.execPath, args, { stdio, env: { ...process.env, ...env } });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

async function suite(name, live) {
  const started = Date.now();
  const counts = join(folder, name);
  if (live) process.stdout.write(`\n── ${name} ──\n`);
  const mocha = ['node_modules/mocha/bin/mocha.js', '--config', CONFIG[name], '--reporter', 'scripts/reporter.cjs'];
  const ok = await run([...mocha, `test/${name}/**/*.test.ts`], { live, env: { HARDEN_MAIL_COUNTS: counts } });
  try {
    const { passes, failures, pending } = JSON.parse(readFileSync(counts, 'utf8'));
    total.passes += passes;
    total.failures += failures;
    total.pending += pending;
  } catch {
    total.failures += 1;
    process.stdout.write(`the suite ${name} did not come to its end\n`);
  }
  process.stdout.write(`${name}: ${Math.round((Date.now() - started) / 1000)} s\n`);
  return ok;
}

// The machine first: units try the host's scripts in every shell that is there.
await run(['--import', 'tsx', 'scripts/lab.ts', '--prepare']);
const results = [await run(['scripts/build.mjs']), await suite('unit', true)];
results.push(...(await Promise.all([suite('e2e', true), suite('oracle', false)])));
rmSync(folder, { recursive: true });
const ok = results.every(Boolean);
if (!ok && total.failures === 0) total.failures = 1;
process.stdout.write(`\n${total.passes} passed, ${total.failures} failed, ${total.pending} skipped\n`);
process.exitCode = ok ? 0 : 1;
