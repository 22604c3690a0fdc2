import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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

  describe('host names', () => {
    const home = mkdtempSync(join(tmpdir(), 'harden-mail-home-'));
    const env = { PATH: `${home}/bin:${process.env['PATH']}`, HOME: home };
    before(() => {
      for (const folder of ['.ssh/config.d', 'bin']) mkdirSync(join(home, folder), { recursive: true });
      writeFileSync(join(home, '.ssh/config'), "Include config.d/*\nHost mx1 mx2 *.lab !x\n  User it's\nhost back\n");
      writeFileSync(join(home, '.ssh/config.d/more'), 'Host mx3\n');
      writeFileSync(join(home, 'hosts.yaml'), 'hosts: {in1.example.org: {port: 22}, in2.example.org: {}}\n');
      const main = ['../../../node_modules/tsx/dist/loader.mjs', '../../../src/main.ts'].map((path) => fileURLToPath(new URL(path, import.meta.url))); // oxfmt-ignore
      writeFileSync(
        join(home, 'bin/harden-mail'),
        `#!/bin/sh\nexec '${process.execPath}' --import '${main[0]}' '${main[1]}' "$@"\n`,
        { mode: 0o755 },
      );
    });
    after(() => rmSync(home, { recursive: true }));

    /** zsh: the functions that the script names for hosts, with a compadd that prints. */
    const ZSH = (name: string, words: readonly string[]): string[] => [
      '-fc',
      `compdef() { :; }; compset() { :; }; compadd() { print -l -- "\${(@P)2}"; }
      ${completion('zsh')}
      words=("$@"); ${name}`,
      'zsh',
      ...words,
    ];
    const offered = (shell: Shell, zsh: string, ...words: string[]): string[] => {
      const args = shell === 'zsh' ? ZSH(zsh, ['harden-mail', ...words]) : ASK[shell](['harden-mail', ...words]);
      const lines = execFileSync(shell, args, { encoding: 'utf8', env, cwd: home }).split('\n');
      return lines.map((line) => line.replace(/\t.*/, '')).filter((line) => line !== '' && !line.startsWith('-'));
    };

    for (const shell of SHELLS) {
      it(`${shell} offers the hosts of the ssh configuration, and what it includes`, function () {
        this.timeout(60_000);
        if (!there(shell)) this.skip();
        for (const words of [
          ['check', ''],
          ['check', '--host', ''],
        ])
          assert.deepEqual(offered(shell, '_harden_mail_ssh_hosts', ...words).sort(), ['back', 'mx1', 'mx2', 'mx3']);
      });

      it(`${shell} offers the hosts of the inventory after --limit`, function () {
        this.timeout(60_000);
        if (!there(shell)) this.skip();
        const words = ['check', '--inventory', 'hosts.yaml', '--limit', ''];
        const found = offered(shell, '_harden_mail_inventory_hosts', ...words);
        assert.deepEqual(found.sort(), ['in1.example.org', 'in2.example.org']);
      });
    }

    it('zsh names these functions for hosts and for --limit', () => {
      assert.match(completion('zsh'), /'\*:host:_harden_mail_ssh_hosts'/);
      assert.match(completion('zsh'), /--host\[[^\]]*\]:HOST:_harden_mail_ssh_hosts'/);
      assert.match(completion('zsh'), /--limit\[.*\]:NAMES:_harden_mail_inventory_hosts'/);
    });
  });
});
