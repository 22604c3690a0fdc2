// Runs all test suites and ends with one line: N passed, N failed, N skipped. The fast ones come first. A suite that takes all
// of two cores runs alone, because hosts that wait for a core run into their time limits.
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

/** Suites of one row run side by side: each of them waits for daemons more than it computes. */
const ROWS = [['unit'], ['oracle'], ['browser', 'terminal', 'exposure'], ['e2e'], ['hosts', 'convert-hosts']];

/** Those that take longest begin first: what is waited for is the last one to end. A name stands for what begins with it. */
const FIRST = ['faults/', 'adopt', 'served', 'strict', 'webroot', 'local', 'audit', 'sni', 'proxied', 'consent'];

process.chdir(new URL('..', import.meta.url).pathname);
const folder = mkdtempSync(join(tmpdir(), 'harden-mail-test-'));
const total = { passes: 0, failures: 0, pending: 0 };
const failed = [];

/** @returns whether it ended well, and its output, which is shown meanwhile unless `isKept` */
function run(args, env = {}, isKept = false) {
  return new Promise((resolve) => {
    const output = [];
    const stdio = isKept ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(process.execPath, args, { stdio, env: { ...process.env, ...env } });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
    child.once('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(output) }));
  });
}

function filesOf(name) {
  const rank = (file) => FIRST.findIndex((one) => file.startsWith(one)) >>> 0; // none of them: last
  return readdirSync(`test/${name}`, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .sort((a, b) => rank(a) - rank(b))
    .map((file) => `test/${name}/${file}`);
}

async function suite(name, isBeside) {
  const started = Date.now();
  const counts = join(folder, name);
  const title = `\n── ${name} ──\n`;
  if (!isBeside) process.stdout.write(title);
  const mocha = ['node_modules/mocha/bin/mocha.js', '--config', CONFIG[name], '--reporter', 'scripts/reporter.cjs'];
  const { ok, output } = await run([...mocha, ...filesOf(name)], { HARDEN_MAIL_COUNTS: counts }, isBeside);
  if (isBeside) process.stdout.write(Buffer.concat([Buffer.from(title), output]));
  try {
    const { passes, failures, pending, failed: tests } = JSON.parse(readFileSync(counts, 'utf8'));
    for (const { title, message } of tests)
      failed.push(`${name}: ${title}\n  ${message.split('\n', 3).join('\n  ')}\n`);
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
const results = [(await run(['scripts/build.mjs'])).ok];
for (const row of ROWS) results.push(...(await Promise.all(row.map((name) => suite(name, row.length > 1)))));
rmSync(folder, { recursive: true });
const ok = results.every(Boolean);
if (!ok && total.failures === 0) total.failures = 1;
// Again at the end, where a reader of a long log looks first.
if (failed.length > 0) process.stdout.write(`\n── failed ──\n\n${failed.join('')}`);
process.stdout.write(`\n${total.passes} passed, ${total.failures} failed, ${total.pending} skipped\n`);
process.exitCode = ok ? 0 : 1;
