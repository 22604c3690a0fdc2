import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import type { Progress } from '../../../src/run/step.ts';
import { liveProgress, plainProgress } from '../../../src/terminal/progress.ts';

const named = (...names: string[]) => names.map((name) => ({ name }));
const many = named(...Array.from({ length: 200 }, (_, n) => `n${n + 1}`));

describe('report: plain progress', () => {
  function progress(): { readonly lines: string[]; readonly plain: Progress } {
    const lines: string[] = [];
    return { lines, plain: plainProgress((line) => lines.push(line)) };
  }

  it('one host prints a line for each step', async () => {
    const { lines, plain } = progress();
    await plain.each(named('a'), 1, async (_, say) => {
      say('connect');
      await turn();
      say('gather');
      return 'done';
    });
    assert.deepEqual(lines, ['a: connect', 'a: gather']);
  });

  it('each of several hosts also prints a line when it is done or failed', async () => {
    const { lines, plain } = progress();
    await plain.each(named('a', 'b', 'c'), 1, async ({ name }, say) => {
      say('connect');
      return name === 'b' ? 'failed' : 'done';
    });
    assert.deepEqual(lines, [
      'a: connect',
      'a: done (1 of 3)',
      'b: connect',
      'b: failed at connect (2 of 3, 1 failed)',
      'c: connect',
      'c: done (3 of 3, 1 failed)',
    ]);
  });

  it('each of 200 hosts prints one line when it is done', async () => {
    const { lines, plain } = progress();
    await plain.each(many, 10, async ({ name }, say) => {
      say('connect');
      await turn();
      say('gather');
      return name === 'n7' ? 'failed' : 'done';
    });
    assert.equal(lines.length, 200);
    assert.equal(lines[0], 'n1: done (1 of 200)');
    assert.equal(lines[6], 'n7: failed at gather (7 of 200, 1 failed)');
    assert.equal(lines[199], 'n200: done (200 of 200, 1 failed)');
  });

  it('a run without hosts prints nothing', async () => {
    const { lines, plain } = progress();
    await plain.each([], 3, async () => assert.fail());
    assert.deepEqual(lines, []);
  });

  it('the text of a host is escaped', async () => {
    const { lines, plain } = progress();
    await plain.each(named('a'), 1, async (_, say) => {
      say('\u001b[2J');
      return 'done';
    });
    assert.deepEqual(lines, ['a: \\u{1b}[2J']);
  });
});

/** A terminal of 80 by 24 in memory: what is to be seen on it, as far as the live lines go. */
function tty(rows = 24) {
  let [all, seen] = ['', ''];
  const stream = {
    rows,
    write(text: string) {
      all += text;
      for (const [, up, words] of text.matchAll(/\r\u001b\[(\d+)A\u001b\[J|((?:(?!\r\u001b)[^])+)/g)) {
        if (up === undefined) seen += words;
        else
          seen = seen
            .split('\n')
            .slice(0, -1 - Number(up))
            .map((line) => `${line}\n`)
            .join('');
      }
      seen = seen.replaceAll(/\u001b\[\?7[lh]/g, '');
      return true;
    },
  };
  return { stream: stream as unknown as NodeJS.WriteStream, all: () => all, seen: () => seen };
}

describe('report: live progress', () => {
  it('the live lines show the current steps and disappear afterwards', async () => {
    const { stream, seen } = tty();
    const live = liveProgress(stream, false);
    const during: string[] = [];
    await live.each(named('a', 'b'), 1, async ({ name }, say) => {
      say('gather');
      await live.aside(async () => during.push(seen())); // makes it draw
      during.push(seen());
      return name === 'a' ? 'failed' : 'done';
    });
    assert.match(during[1] ?? '', /^\S a {2}gather\n {2}b\n2 hosts: 1 at work, 1 waiting\n$/);
    assert.match(during[3] ?? '', /^\S a {2}gather\n\S b {2}gather\n2 hosts: 1 failed, 1 at work\n$/);
    assert.equal(seen(), '');
  });

  it('the live lines make way for a question, even if the question outlasts them', async () => {
    const { stream, seen } = tty();
    const live = liveProgress(stream, false);
    let answer = (): void => {};
    let asking: Promise<void> | undefined;
    await live.each(many, 10, async ({ name }) => {
      if (name !== 'n1') return 'done';
      asking = live.aside(async () => {
        stream.write('Passphrase: \n');
        await new Promise<void>((resolve) => (answer = resolve));
      });
      await turn();
      assert.equal(seen(), 'Passphrase: \n');
      return 'done';
    });
    assert.equal(seen(), 'Passphrase: \n');
    answer();
    await asking;
    assert.equal(seen(), 'Passphrase: \n');
  });

  it('a line that is printed in between stays', async () => {
    const { stream, seen } = tty();
    const live = liveProgress(stream, false);
    await live.each(named('a'), 1, async (_, say) => {
      say('gather');
      await live.aside(async () => stream.write('the disk is full\n'));
      assert.match(seen(), /^the disk is full\n\S a {2}gather\n$/);
      return 'done';
    });
    assert.equal(seen(), 'the disk is full\n');
  });

  it('the frame of 200 hosts in 80 by 24 shows the active hosts and the counts', async () => {
    const { stream, seen } = tty();
    const live = liveProgress(stream, false);
    let lines: string[] = [];
    await live.each(many, 10, async ({ name }, say) => {
      say('gather');
      await turn();
      if (name === 'n30') await live.aside(async () => {});
      if (name === 'n30') lines = seen().trimEnd().split('\n');
      return name === 'n3' ? 'failed' : 'done';
    });
    assert.ok(lines.length < 24 && lines.length > 2, lines.join('\n'));
    assert.match(lines.join('\n'), /^\S n30 {2}gather$/m);
    assert.match(lines.at(-2) ?? '', /^200 hosts: \d+ done, 1 failed, \d+ at work, \d+ waiting$/);
    assert.match(lines.at(-1) ?? '', /^\S n3$/);
  });

  it('a bug in the work is thrown, and the live lines disappear', async () => {
    const { stream, seen } = tty();
    const bug = liveProgress(stream, false).each(named('a', 'b'), 2, () => Promise.reject(new Error('a bug')));
    await assert.rejects(bug, /a bug/);
    assert.equal(seen(), '');
  });

  for (const color of [true, false]) {
    it(color ? 'the live lines have colours' : 'the live lines have no colours when colours are off', async () => {
      const { stream, all } = tty();
      await liveProgress(stream, color).each(named('a'), 1, async () => 'done');
      assert.equal(/\u001b\[\d+m/.test(all()), color);
    });
  }
});

for (const [what, progress] of [
  ['plain', () => plainProgress(() => {})],
  ['live', () => liveProgress(tty().stream, false)],
] as const) {
  describe(`report: ${what} progress`, () => {
    for (const width of [1, 2, 5, 99]) {
      it(`the progress runs ${width} hosts at once and each host once`, async () => {
        let now = 0;
        let most = 0;
        const done: string[] = [];
        await progress().each(named('a', 'b', 'c', 'd', 'e'), width, async ({ name }) => {
          most = Math.max(most, ++now);
          await turn();
          now--;
          done.push(name);
          return 'done';
        });
        assert.equal(most, Math.min(width, 5));
        assert.deepEqual(done.toSorted(), ['a', 'b', 'c', 'd', 'e']);
      });
    }
  });
}
