// Runs all test suites and ends with one line: N passed, N failed, N skipped. The fast ones come first. One after the
// other: each takes all of two cores, and hosts that wait for a core run into their time limits.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CONFIG = {
  unit: '.mocharc.json',
  oracle: '.mocharc.oracle.json',
  browser: '.mocharc.browser.json',
  terminal: '.mocharc.terminal.json',
  exposure: '.mocharc.exposure.json',
  e2e: '.mocharc.e2e.json',
  hosts: '.mocharc.hosts.json',
  'convert-hosts': '.mocharc.convert-hosts.json',
};

/** Those that take longest begin first: what is waited for is the last one to end. A name stands for what begins with it. */
const FIRST = ['faults/', 'adopt', 'served', 'strict', 'webroot', 'local', 'audit', 'sni', 'proxied', 'consent'];

process.chdir(new URL('..', import.meta.url).pathname);
const folder = mkdtempSync(join(tmpdir(), 'harden-mail-test-'));
const total = { passes: 0, failures: 0, pending: 0 };

/** @returns whether it ended well */
function run(args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('close', (code) => resolve(code === 0));
  });
}

function filesOf(name) {
  const rank = (file) => FIRST.findIndex((one) => file.startsWith(one)) >>> 0; // none of them: last
  return readdirSync(`test/${name}`, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .sort((a, b) => rank(a) - rank(b))
    .map((file) => `test/${name}/${file}`);
}

async function suite(name) {
  const started = Date.now();
  const counts = join(folder, name);
  process.stdout.write(`\n── ${name} ──\n`);
  const mocha = ['node_modules/mocha/bin/mocha.js', '--config', CONFIG[name], '--reporter', 'scripts/reporter.cjs'];
  const ok = await run([...mocha, ...filesOf(name)], { HARDEN_MAIL_COUNTS: counts });
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
const results = [await run(['scripts/build.mjs'])];
for (const name of Object.keys(CONFIG)) results.push(await suite(name));
rmSync(folder, { recursive: true });
const ok = results.every(Boolean);
if (!ok && total.failures === 0) total.failures = 1;
process.stdout.write(`\n${total.passes} passed, ${total.failures} failed, ${total.pending} skipped\n`);
process.exitCode = ok ? 0 : 1;
