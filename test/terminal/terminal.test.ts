/**
 * What a person sees: the command in a real terminal of 80×24 and of 120×40, on a real Debian 12. The captures in test/terminal/screens
 * are the cases: `ACCEPT=1` writes them anew, and somebody looks at each. What differs from run to run is masked, column by column.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lab, type LabHost } from '../../src/lab/lab.ts';
import { available, prepareMachine } from '../../src/lab/requirements.ts';
import { hardenMail, issuedBy, scratch, to } from '../support/cli.ts';
import { pane, type Pane, type Size } from './tmux.ts';

const NAME = 'mx1.example.test';
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SCREENS = fileURLToPath(new URL('screens/', import.meta.url));

/** A folder with the command as an installation has it. */
function commands(): string {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-terminal-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'harden-mail'), `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'bin/harden-mail.js')}' "$@"\n`, { mode: 0o755 }); // oxfmt-ignore
  return folder;
}

/** Each text becomes one of the same length, so that columns and line breaks stay as they are. */
function masked(screen: string): string {
  const same =
    (char: string) =>
    (text: string): string =>
      text.replace(/[a-z0-9]/gi, char);
  return screen
    .replace(/\b\d{8}T\d{6}Z-[0-9a-f]{4}\b/g, same('0'))
    .replace(/\bCA [0-9a-f]{6}\b/g, (text) => `CA ${same('0')(text.slice(3))}`)
    .replace(/\b\d{4}-\d\d-\d\d\b/g, same('0'))
    .replace(/\bfor \d+ more days\b/g, (text) => text.replace(/\d/g, '0'))
    .replace(/\b(Postfix|Dovecot) (\d[\d.]*)/g, (_, name: string, number: string) => `${name} ${same('0')(number)}`)
    .replace(/ +$/gm, '');
}

for (const size of [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
] satisfies Size[])
  describe(`a terminal of ${size.columns}×${size.rows}`, function () {
    this.timeout(600_000);
    let host: LabHost;
    let flags: string[];
    let env: Record<string, string>;
    const open: Pane[] = [];

    before(async function () {
      if (!(await available()).ok) return this.skip();
      await prepareMachine(['tmux']);
      host = await lab.host({ release: 'bookworm', mail: true, name: NAME });
      flags = await issuedBy(await lab.acme());
      const [, server = '', , ca = ''] = flags;
      const config = `Host ${NAME}\n  HostName ${host.address}\n  HostKeyAlias ${NAME}\n  User root\n  IdentityFile ${host.identity}\n  UserKnownHostsFile ${host.knownHosts}\n`;
      env = {
        HARDEN_MAIL_SSH_CONFIG: scratch('ssh_config', config),
        HARDEN_MAIL_ACME_SERVER: server,
        HARDEN_MAIL_CA: ca,
        PATH: `${commands()}:${process.env['PATH'] ?? ''}`,
      };
    });
    afterEach(() => open.splice(0).forEach((one) => one.close()));
    after(() => host?.stop());

    const run = (args: string): Pane => {
      const one = pane(`harden-mail ${args}`, size, env);
      open.push(one);
      return one;
    };
    const rollBack = async (): Promise<void> => {
      const { code, stdout, stderr } = await hardenMail(['rollback', '--yes', '--no-diff', ...to(host), ...flags.slice(2)]); // oxfmt-ignore
      assert.equal(code, 0, stdout + stderr);
    };

    /** Compares a screen with its case, and saves it in colour for the pictures. */
    function assertScreen(name: string, shown: Pane, how: { readonly all?: boolean } = {}): void {
      const path = join(SCREENS, `${size.columns}x${size.rows}`, `${name}.txt`);
      const text = `${masked(shown.screen(how))}\n`;
      const pictures = process.env['HARDEN_MAIL_PICTURES'];
      if (pictures !== undefined) {
        mkdirSync(pictures, { recursive: true });
        writeFileSync(join(pictures, `${name}-${size.columns}.ansi`), shown.screen({ all: true, colours: true }));
      }
      if (process.env['ACCEPT']) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      } else assert.equal(text, existsSync(path) ? readFileSync(path, 'utf8') : 'there is no such case');
    }
    /** No line of ours is wider than the terminal, and none is broken by the terminal. */
    function assertFits(shown: Pane): void {
      const wide = shown.screen({ all: true }).split('\n').filter((line) => line.length >= size.columns); // oxfmt-ignore
      // A diff and a command are not broken at words.
      assert.deepEqual(
        wide.filter((line) => !/^[-+ @]|harden-mail (rollback|apply|check|dns|clients)/.test(line)),
        [],
      );
    }

    it('help fits the terminal', async () => {
      const shown = run('--help');
      assert.equal(await shown.ended(), 0);
      assertScreen('help', shown, { all: true });
      assertFits(shown);
    });

    it('a dry run ends with the summary and every warning on the last screen', async () => {
      const shown = run(`apply ${NAME} --dry-run`);
      assert.equal(await shown.ended(), 0);
      assertScreen('dry-run', shown);
      assert.match(shown.screen(), /the plan in short/);
      assertFits(shown);
    });

    it('the question stands below the summary, and a no adds one line', async () => {
      const shown = run(`apply ${NAME}`);
      await shown.shows(/\[y\/N\]/);
      assertScreen('question', shown);
      assert.match(shown.screen(), /the plan in short[^]*Apply to mx1\.example\.test\? \[y\/N\]$/);
      const before = shown.screen({ all: true }).split('\n').length;
      shown.press('n', 'Enter');
      assert.equal(await shown.ended(), 0);
      assertScreen('no', shown);
      assert.equal(shown.screen({ all: true }).split('\n').length, before + 1);
    });

    it('Ctrl-C at the question ends the run and writes nothing', async () => {
      const shown = run(`apply ${NAME}`);
      await shown.shows(/\[y\/N\]/);
      shown.press('C-c');
      assert.equal(await shown.ended(), 130);
      assertScreen('ctrl-c-at-the-question', shown);
    });

    it('a yes ends with what to enter in mail clients, and the next commands, on one screen', async () => {
      const shown = run(`apply ${NAME} --no-diff`);
      await shown.shows(/\[y\/N\]/);
      shown.press('y', 'Enter');
      assert.equal(await shown.ended(), 0);
      assertScreen('success', shown);
      assert.match(shown.screen(), /In mail clients[^]*harden-mail rollback mx1\.example\.test --to \S+$/m);
      assertFits(shown);
    });

    it('verify shows every port and check on one screen', async () => {
      const shown = run(`verify ${NAME}`);
      assert.equal(await shown.ended(), 0);
      assertScreen('verify', shown);
      assert.match(shown.screen(), /^\$ harden-mail verify/);
      assertFits(shown);
    });

    it('an audit ends with the grade, and what leads to the next one', async () => {
      const shown = run(`verify ${NAME} --audit`);
      assert.equal(await shown.ended(), 0);
      assertScreen('audit', shown);
      assert.match(shown.screen(), /grade B: .*\n.*to A: apply --profile strict/);
      assertFits(shown);
    });

    it('Ctrl-C after the yes lets the change come to its end, and says that it stands', async () => {
      await rollBack();
      const shown = run(`apply ${NAME} --no-diff`);
      await shown.shows(/\[y\/N\]/);
      shown.press('y', 'Enter');
      await shown.shows(
        / (commit|lock|compare|journal|stage|validate|sessions|swap|activate\S*|listen|confirm|verify)$/m,
      );
      shown.press('C-c');
      assert.equal(await shown.ended(), 130);
      const text = shown.screen({ all: true }).replace(/\s+/g, ' ');
      assert.match(text, /comes to its end first, and it stands if the checks pass/);
      assert.match(text, /mx1\.example\.test Ctrl-C came after the plan was accepted: the change stands/);
    });
  });
