import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { completion } from '../../../src/cli/completion.ts';
import { COMMANDS, SHELLS, type Shell } from '../../../src/cli/command-names.ts';

const there = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;

/** What the shell itself offers for these words, the last of which is being typed. */
const ASK: Readonly<Record<Shell, (words: readonly string[]) => string[]>> = {
  bash: (words) => [
    '-c',
    `${completion('bash')}
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _harden_mail; printf '%s\\n' "\${COMPREPLY[@]}"`,
    'bash',
    ...words,
  ],
  // The functions of compinit print what they are told to offer.
  zsh: (words) => [
    '-fc',
    `compdef() { :; }
    _describe() { print -l -- "\${\${(P)2}[@]%%:*}"; }
    _files() { :; }
    _arguments() { print -l -- "$@"; }
    ${completion('zsh')}
    words=("$@") CURRENT=$#; _harden_mail`,
    'zsh',
    ...words,
  ],
  fish: (words) => [
    '-c',
    `${completion('fish')}
    complete -C '${words.join(' ')}'`,
  ],
};

describe('completion', () => {
  for (const shell of SHELLS) {
    describe(shell, () => {
      before(function () {
        if (!there(shell)) this.skip();
      });
      const offered = (...words: string[]): string[] =>
        execFileSync(shell, ASK[shell](['harden-mail', ...words]), { encoding: 'utf8' })
          .split('\n')
          .map((line) => line.replace(/[\t[].*/, ''));

      it('the script offers every command', () => {
        const found = offered('');
        for (const command of Object.keys(COMMANDS)) assert.ok(found.includes(command), command);
      });

      it('the script offers the options of the command and no others', () => {
        const found = offered('rollback', '--');
        for (const option of ['--to', '--host', '--dry-run']) assert.ok(found.includes(option), option);
        for (const option of ['--email', '--upgrade-to']) assert.ok(!found.includes(option), option);
      });

      it('the script offers the names of the shells', () => {
        const found = offered('completion', '').join(' ');
        for (const word of SHELLS) assert.ok(found.includes(word), word);
      });
    });
  }

  it('the script for bash offers the fixed values of an option, and file names for an option that takes a file', () => {
    const ask = (...words: string[]): string[] =>
      execFileSync('bash', ASK.bash(['harden-mail', ...words]), { encoding: 'utf8' })
        .trim()
        .split('\n');
    assert.deepEqual(ask('apply', '--color', 'a'), ['auto', 'always']);
    assert.deepEqual(ask('apply', '--inventory', 'inventory.ex'), ['inventory.example.json']);
    assert.deepEqual(ask('apply', '--replace', 'm'), ['mechanisms', 'mta']);
    assert.deepEqual(ask('apply', '--replace', 'sasl,m'), ['sasl,mechanisms', 'sasl,mta']);
  });
});
