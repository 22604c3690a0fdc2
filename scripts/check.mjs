// The checks side by side, told one after the other: together they take two cores half the time.
import { spawn } from 'node:child_process';

process.chdir(new URL('..', import.meta.url).pathname);
const CHECKS = [
  ['oxlint', '-c', 'oxlint.config.mjs'], // the longest first
  ['oxfmt', '--check', '.'],
  ['tsc'],
  ['structure'],
  ['words'],
  ['translation'],
  ['knip'],
];

function run([name, ...args]) {
  return new Promise((resolve) => {
    const [program, ...more] = ['structure', 'words', 'translation'].includes(name)
      ? [process.execPath, `scripts/${name}.mjs`]
      : [`node_modules/.bin/${name}`];
    const child = spawn(program, [...more, ...args], { env: { ...process.env, FORCE_COLOR: '0' } });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
    child.once('error', (error) => resolve({ name, ok: false, said: String(error) }));
    child.once('close', (code) => resolve({ name, ok: code === 0, said }));
  });
}

for (const running of CHECKS.map(run)) {
  const { name, ok, said } = await running;
  process.stdout.write(`${ok ? 'ok' : 'failed'}: ${name}\n${ok ? '' : said}`);
  if (!ok) process.exitCode = 1;
}
