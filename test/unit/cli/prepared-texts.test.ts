import assert from 'node:assert/strict';
import { COMMANDS } from '../../../src/cli/command-names.ts';
import { prepareTexts } from '../../../src/cli/prepare-texts.ts';
import { packTexts, preparedName, unpackText } from '../../../src/cli/prepared-texts.ts';

describe('cli: the texts that the build prepares', () => {
  it('there is a text for the help of each command, in both widths, and for each shell', async () => {
    const texts = await prepareTexts();
    const names = ['', ...Object.keys(COMMANDS)].flatMap((name) => [`help 80 ${name}`, `help 120 ${name}`]);
    const shells = ['bash', 'zsh', 'fish'].map((shell) => `completion ${shell}`);
    assert.deepEqual(Object.keys(texts).sort(), [...names, ...shells].sort());
    const packed = packTexts(texts);
    for (const [name, text] of Object.entries(texts)) {
      assert.match(text, /[^\n]\n$/);
      assert.equal(unpackText(packed, name), text);
    }
    assert.equal(unpackText(packed, 'constructor'), undefined);
  });

  it('only a command line that asks for help or a completion, and for nothing else, has a text', () => {
    const named: readonly (readonly [string[], number | undefined, string | null])[] = [
      [['--help'], undefined, 'help 80 '],
      [['help'], 200, 'help 120 '],
      [['apply', '--help'], 80, 'help 80 apply'],
      [['help', 'apply'], 100, 'help 100 apply'],
      [['completion', 'zsh'], 33, 'completion zsh'],
      [[], 80, null],
      [['apply'], 80, null],
      [['apply', ''], 80, null],
      [['', '--help'], 80, null],
      [['help', ''], 80, null],
      [['--help', 'apply'], 80, null],
      [['--json', '--help'], 80, null],
      [['apply', '--help', '--json'], 80, null],
      [['completion'], 80, null],
      [['completion', '--help'], 80, 'help 80 completion'],
      [['__proto__', '--help'], 80, null],
    ];
    for (const [args, columns, name] of named) assert.equal(preparedName(args, columns), name, args.join(' '));
  });
});
