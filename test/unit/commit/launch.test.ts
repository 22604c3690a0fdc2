/** How the log of a transaction is repeated to whoever started it, in each shell. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptText } from '../../../src/remote/scripts.ts';

const LAUNCH = scriptText('commit/launch.sh');
const SHELLS = [['sh'], ['dash'], ['bash'], ['busybox', 'sh']];

/** Shell text that stands for what goes on while the follower sleeps, by the number of its sleep; and what it prints. */
const CASES: readonly { what: string; before?: string; sleeps: string; from?: number; prints: string }[] = [
  {
    what: 'all of it until it waits for a word',
    before: 'echo step lock >"$talk/log"',
    sleeps: '1) echo step swap >>"$talk/log" ;; 2) echo awaiting X >>"$talk/log" ;;',
    prints: 'step lock\nstep swap\nawaiting X\n',
  },
  {
    what: 'from a line on, until its end',
    before: `printf 'step lock\\nawaiting X\\n' >"$talk/log"`,
    from: 2,
    sleeps: '1) echo step confirm >>"$talk/log" ;; 2) echo end X committed end >>"$talk/log" ;;',
    prints: 'step confirm\nend X committed end\n',
  },
  {
    what: 'an end that is not the last',
    before: `printf 'end X broken not yet\\nend X rolled-back why\\n' >"$talk/log"`,
    sleeps: '',
    prints: 'end X broken not yet\nend X rolled-back why\n',
  },
  {
    what: 'a line that comes in two parts',
    sleeps: `2) printf 'step lo' >"$talk/log" ;; 4) printf 'ck\\nend X refused why\\n' >>"$talk/log" ;;`,
    prints: 'step lock\nend X refused why\n',
  },
  {
    what: 'one that was put away before it was looked for',
    before: `rmdir "$talk"; printf 'step lock\\nend X committed end\\n' >"$tx/log"`,
    sleeps: '',
    prints: 'step lock\nend X committed end\n',
  },
  {
    what: 'one that is put away meanwhile',
    before: 'echo step lock >"$talk/log"',
    sleeps: '1) echo end X committed end >>"$talk/log"; cp "$talk/log" "$tx/log"; rm -r "$talk" ;;',
    prints: 'step lock\nend X committed end\n',
  },
  {
    what: 'that it is lost, where nobody is at work any more',
    before: 'echo step swap >"$talk/log"',
    sleeps: '',
    prints: 'step swap\nlost\n',
  },
  { what: 'that it is lost, where there is no log', sleeps: '', prints: 'lost\n' },
];

describe('commit: following the log', () => {
  for (const [shell = 'sh', ...flags] of SHELLS)
    for (const { what, before = '', sleeps, from = 0, prints } of CASES)
      it(`${[shell, ...flags].join(' ')}: ${what}`, function () {
        if (spawnSync(shell, ['--help'], { stdio: 'ignore' }).error) this.skip();
        const root = mkdtempSync(join(tmpdir(), 'harden-mail-launch-'));
        const script = `tx=${root}/tx/X
${LAUNCH.replaceAll('/run/', `${root}/run/`)}
sleep() { slept=$((slept + 1)); case $slept in ${sleeps} esac; }
slept=0
${before}
follow ${from}`;
        mkdirSync(join(root, 'tx/X'), { recursive: true });
        mkdirSync(join(root, 'run/harden-mail/X'), { recursive: true });
        writeFileSync(join(root, 'script'), script);
        const { stdout, stderr, status } = spawnSync(shell, [...flags, join(root, 'script')], { encoding: 'utf8' });
        rmSync(root, { recursive: true });
        assert.deepEqual({ stdout, stderr, status }, { stdout: prints, stderr: '', status: 0 });
      });
});
