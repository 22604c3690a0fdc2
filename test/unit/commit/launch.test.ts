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
    what: 'the whole log until the transaction waits for a confirmation',
    before: 'echo step lock >"$talk/log"',
    sleeps: '1) echo step swap >>"$talk/log" ;; 2) echo awaiting X >>"$talk/log" ;;',
    prints: 'step lock\nstep swap\nawaiting X\n',
  },
  {
    what: 'the log from a given line to its end',
    before: `printf 'step lock\\nawaiting X\\n' >"$talk/log"`,
    from: 2,
    sleeps: '1) echo step confirm >>"$talk/log" ;; 2) echo end X committed end >>"$talk/log" ;;',
    prints: 'step confirm\nend X committed end\n',
  },
  {
    what: 'the log past an end line that is not the last one',
    before: `printf 'end X broken not yet\\nend X rolled-back why\\n' >"$talk/log"`,
    sleeps: '',
    prints: 'end X broken not yet\nend X rolled-back why\n',
  },
  {
    what: 'a line that is written in two parts as one line',
    sleeps: `2) printf 'step lo' >"$talk/log" ;; 4) printf 'ck\\nend X refused why\\n' >>"$talk/log" ;;`,
    prints: 'step lock\nend X refused why\n',
  },
  {
    what: 'a log that was archived before the follower looked for it',
    before: `rmdir "$talk"; printf 'step lock\\nend X committed end\\n' >"$tx/log"`,
    sleeps: '',
    prints: 'step lock\nend X committed end\n',
  },
  {
    what: 'a log that is archived meanwhile',
    before: 'echo step lock >"$talk/log"',
    sleeps: '1) echo end X committed end >>"$talk/log"; cp "$talk/log" "$tx/log"; rm -r "$talk" ;;',
    prints: 'step lock\nend X committed end\n',
  },
  {
    what: '"lost" when the transaction no longer runs',
    before: 'echo step swap >"$talk/log"',
    sleeps: '',
    prints: 'step swap\nlost\n',
  },
  { what: '"lost" when there is no log', sleeps: '', prints: 'lost\n' },
];

describe('commit: the follower of the log', () => {
  for (const [shell = 'sh', ...flags] of SHELLS)
    for (const { what, before = '', sleeps, from = 0, prints } of CASES)
      it(`${[shell, ...flags].join(' ')}: the follower prints ${what}`, function () {
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
