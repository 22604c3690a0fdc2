// Runs the test suites and ends with one line: N passed, N failed, N skipped. The fast ones come first. One after the
// other: each takes all of two cores, and hosts that wait for a core run into their time limits.
//   node scripts/test.mjs          what must hold before anything lands, in minutes: of the host tests those of the recipe, of bad
//                                  input, of certificates, of the transaction and the way back, and of the way in
//   node scripts/test.mjs hosts    the other host tests
//   node scripts/test.mjs all      all of them
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CONFIG = {
  unit: '.mocharc.json',
  oracle: '.mocharc.oracle.json',
  browser: '.mocharc.browser.json',
  e2e: '.mocharc.e2e.json',
};

/** Host tests of `npm test`; a name stands for a file, or for all of a folder. */
const FIRST = `faults/ recipe install verify unreachable-ports bad-input certificates conditions rollback never-weaken
  ssh/auth ssh/host-keys ssh/ssh`
  .split(/\s+/)
  .map((name) => (name.endsWith('/') ? name : `${name}.test.ts`));

process.chdir(new URL('..', import.meta.url).pathname);
const [which = 'first'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'harden-mail-test-'));
const total = { passes: 0, failures: 0, pending: 0 };

/** @returns whether it ended well */
function run(args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, ...env } });
    child.once('close', (code) => resolve(code === 0));
  });
}

/** Test files of a suite; of the host tests those that are wanted. */
function filesOf(name) {
  const files = readdirSync(`test/${name}`, { recursive: true }).filter((file) => file.endsWith('.test.ts'));
  const isFirst = (file) => FIRST.some((one) => file.startsWith(one));
  const wanted =
    name !== 'e2e' || which === 'all' ? files : files.filter((file) => isFirst(file) === (which !== 'hosts'));
  // The longest first: the last one to end is what is waited for.
  return wanted
    .sort((a, b) => Number(!a.startsWith('faults/')) - Number(!b.startsWith('faults/')))
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
for (const name of which === 'hosts' ? ['e2e'] : Object.keys(CONFIG)) results.push(await suite(name));
rmSync(folder, { recursive: true });
const ok = results.every(Boolean);
if (!ok && total.failures === 0) total.failures = 1;
process.stdout.write(`\n${total.passes} passed, ${total.failures} failed, ${total.pending} skipped\n`);
process.exitCode = ok ? 0 : 1;
