/** The recipe, in its own order, carried out on a stock Debian 12 mail host and tested as the recipe tests it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost, State } from '../../src/lab/lab.ts';
import { hardenMail, issuedBy, SCRATCH, startInTerminal, to, trusting } from '../support/cli.ts';
import { activity, assertContent, assertTidy, daemons, mark, writtenSince } from '../support/host.ts';
import type { Activity } from '../support/host.ts';
import { recipesOwnTests } from '../support/stories/recipe.ts';
import { SMTP, talkInClear } from '../support/talk.ts';
import type { Peer } from '../support/talk.ts';
import { seesWhatRuns } from '../support/stories/opt-ins.ts';

const ALICE = { name: 'alice', password: 'wonder land' };
const FILES = [
  '/etc/dovecot/conf.d/10-auth.conf',
  '/etc/dovecot/conf.d/10-master.conf',
  '/etc/dovecot/conf.d/10-ssl.conf',
  '/etc/postfix/main.cf',
  '/etc/postfix/master.cf',
];
const HOOK = '/etc/letsencrypt/renewal-hooks/deploy/harden-mail';

describe('the recipe, on a stock Debian 12 mail host', () => {
  let host: LabHost;
  let root: string;
  let authority: string[];
  let stock: State;
  let peer: (port: number) => Peer;

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true, users: [ALICE] });
    const acme = await lab.acme();
    [root, authority, stock] = await Promise.all([acme.root(), issuedBy(acme), host.state()]);
    peer = (port) => ({ address: host.address, port, name: host.name, root });
  });
  after(() => host.stop());

  describe('before apply', () => {
    it('a dry run shows the diff of every file and writes nothing', async () => {
      await mark(host);
      const { code, stdout, stderr } = await hardenMail(['apply', '--dry-run', ...to(host), ...authority]);
      assert.equal(code, 0, stderr);
      for (const path of FILES) assert.ok(stdout.includes(`--- ${path}\n+++ ${path}\n@@ `), `${path} in:\n${stdout}`);
      assert.match(stdout, new RegExp(`^new: ${HOOK}, \\d+ lines$`, 'm'));
      assert.match(stdout, /^\+smtpd_sasl_type = dovecot$/m);
      assert.match(stdout, new RegExp(`^\\+ssl_cert = </etc/letsencrypt/live/${host.name}/fullchain.pem$`, 'm'));
      assert.match(stdout, new RegExp(`would request a certificate for ${host.name} `));
      assert.match(
        stdout,
        /Plan: 1 certificate, 6 files, \d+ settings; reload dovecot, postfix\. Nothing was written\.\n$/,
      );
      // A client that connects makes Postfix write its caches and locks.
      const written = await writtenSince(host);
      assert.deepEqual(
        written.filter((path) => !/^\/var\/(lib|spool)\/postfix(\/|$)/.test(path)),
        [],
      );
      assert.deepEqual(await host.state(), stock);
    });

    it('apply --dry-run --detailed-exitcode exits with 2 when there is something to change', async () => {
      const flags = ['apply', '--dry-run', '--detailed-exitcode', '--no-diff', ...to(host), ...authority];
      const { code, stdout } = await hardenMail(flags);
      assert.equal(code, 2);
      assert.doesNotMatch(stdout, /^@@/m);
    });

    it('the answer no to the question of apply leaves every file unchanged', async () => {
      const terminal = startInTerminal(['apply', ...to(host), ...authority]);
      await terminal.said(/Apply to \S+\? \[y\/N\]/);
      terminal.type('n\r');
      const { code, stdout } = await terminal.done;
      assert.equal(code, 0);
      assert.match(stdout, /^\+smtpd_sasl_type = dovecot$/m, 'the diff comes before the question');
      assert.match(stdout, /declined: nothing was written\n$/);
      assert.deepEqual(await host.state(), stock);
      assert.equal((await host.exec('ls /var/lib/harden-mail')).code, 2, 'no transaction');
    });

    it('the stock host offers no login on 25 and does not listen on 465', async () => {
      const smtp = await talkInClear(peer(25));
      await smtp.until(SMTP);
      const offers = await smtp.ask('EHLO client.example', SMTP);
      smtp.end();
      assert.ok(!offers.some((line) => line.startsWith('250-AUTH')), offers.join('\n'));
      await assert.rejects(talkInClear(peer(465)), { code: 'ECONNREFUSED' });
    });
  });

  describe('right after apply', () => {
    let done: Activity;

    before(async () => {
      const since = await activity(host);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...to(host), ...authority]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /changed: \d+ settings in 6 files \(transaction [^)]+\), \d+ checks passed$/m);
      done = await activity(host, since);
    });

    it('the daemons have reloaded and not restarted', () => {
      assert.deepEqual(done.reloads.toSorted(), ['dovecot', 'postfix']);
      assert.equal(done.restarts, 0);
    });

    it('the checks of the daemons report nothing', () => assertContent(host));

    it('owners, modes and links are as before, and only the files of the recipe and the renewal hook are changed', async () => {
      const now = await host.state();
      const shape = (state: State) =>
        Object.entries(state)
          .filter(([path]) => !path.startsWith('/etc/letsencrypt/'))
          .map(([path, { type, mode, owner, link }]) => `${path} ${type} ${mode} ${owner} ${link}`)
          .sort();
      assert.deepEqual(shape(now), shape(stock));
      const changed = Object.keys(stock).filter((path) => now[path]?.sha256 !== stock[path]?.sha256);
      assert.deepEqual(changed.sort(), FILES);
      assert.deepEqual({ mode: now[HOOK]?.mode, owner: now[HOOK]?.owner }, { mode: '755', owner: 'root:root' });
    });

    it('no staged file, no unit and no lock is left behind', () => assertTidy(host));
  });

  recipesOwnTests(ALICE, () => ({ host, root }));

  describe('after the tests of the recipe', () => {
    it('verify passes every check, and logs alice in on each port', async () => {
      const ca = await trusting(await lab.acme());
      const env = { HARDEN_MAIL_PROBE_PASSWORD: ALICE.password };
      const { code, stdout, stderr } = await hardenMail(
        ['verify', '-v', ...to(host), ...ca, '--probe-user', 'alice'],
        env,
      );
      assert.equal(code, 0, stdout + stderr);
      for (const port of [25, 465, 993, 995])
        assert.match(stdout, new RegExp(`^  ✔ +${port} login +logs alice in$`, 'm'));
      assert.doesNotMatch(stdout, /[✖·]|seen through SSH/);
      assert.match(stdout, /ok: \d+ checks passed\n$/);
      assert.ok(!(stdout + stderr).includes(ALICE.password));
    });

    it('check passes, and then reports an edit, a leftover file and a stopped daemon as drift', async () => {
      const { code, stdout, stderr } = await hardenMail(['check', ...to(host), ...authority.slice(2)]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^\S+ {2}ok: as it should be, \d+ checks passed\n$/);

      const spoil = `sed -i 's/^smtp_tls_note_starttls_offer = yes/smtp_tls_note_starttls_offer = no/' /etc/postfix/main.cf
        touch /etc/dovecot/dovecot.conf.ucf-dist && systemctl stop dovecot`;
      await host.run(`cp -a /etc/postfix/main.cf /root/saved && ${spoil}`);
      try {
        await mark(host);
        const drifted = await hardenMail(['check', '--json', ...to(host)]);
        assert.equal(drifted.code, 2, drifted.stderr);
        const { hosts } = JSON.parse(drifted.stdout) as { hosts: Record<string, Record<string, unknown>>[] };
        const [one] = hosts;
        assert.equal(one?.['outcome'], 'drifted');
        assert.deepEqual(one['drift']?.['leftovers'], ['/etc/dovecot/dovecot.conf.ucf-dist']);
        const [file, ...others] = one['drift']['files'] as { transaction: string }[];
        assert.match(file?.transaction ?? '', /^\d{8}T/);
        assert.deepEqual(
          [file, ...others],
          [{ path: '/etc/postfix/main.cf', transaction: file?.transaction, edited: true }],
        );
        const { stdout: words } = await hardenMail(['check', ...to(host)]);
        assert.match(words, /^\+smtp_tls_note_starttls_offer = yes$/m);
        assert.match(words, /^ {2}~ \/etc\/postfix\/main.cf {2}changed since transaction \d{8}T/m);
        assert.match(
          words,
          /drift: 1 file, 1 setting; start dovecot; reload postfix; `harden-mail apply` fixes it\. Nothing/,
        );
        assert.deepEqual(await writtenSince(host, '/etc', '/var/lib/harden-mail'), []);
      } finally {
        await host.run(
          'mv /root/saved /etc/postfix/main.cf; rm /etc/dovecot/dovecot.conf.ucf-dist; systemctl start dovecot',
        );
        await host.run('systemctl reload postfix');
      }
    });

    it('check --upgrade-to says what the next release will break, and what apply will then change', async () => {
      const { code, stdout, stderr } = await hardenMail(['check', '--upgrade-to', 'trixie', ...to(host)]);
      assert.equal(code, 2, stdout + stderr);
      assert.match(stdout, /^ {2}! Dovecot 2\.4\.\d does not start with these files: /m);
      assert.match(stdout, /^-disable_plaintext_auth = yes\n\+auth_allow_cleartext = no$/m);
      assert.match(
        stdout,
        /ahead: after the upgrade to trixie, `harden-mail apply` would change \d+ files, \d+ settings\./,
      );
      const wrong = await hardenMail(['check', '--upgrade-to', 'forky', ...to(host)]);
      assert.equal(wrong.code, 3);
      assert.match(
        wrong.stdout,
        /Debian upgrades one release at a time: to forky from trixie\n {2}→ Name the next one/,
      );
    });

    it('the compiled code is kept for the next run, and is replaced when others can write it or when it is damaged', async () => {
      const kept = join(SCRATCH, '.cache', 'harden-mail', 'code');
      const runs = async () => {
        const { code, stdout, stderr } = await hardenMail(['check', ...to(host), ...authority.slice(2)]);
        assert.equal(code, 0, stdout + stderr);
        const { mode, mtimeMs } = await stat(kept);
        assert.equal(mode & 0o777, 0o600);
        return mtimeMs;
      };
      const first = await runs();
      assert.equal(await runs(), first, 'it is taken as it is');
      await chmod(kept, 0o666);
      const second = await runs();
      assert.notEqual(second, first, 'made anew');
      const bytes = await readFile(kept);
      await writeFile(kept, bytes.subarray(0, bytes.length >> 1));
      assert.notEqual(await runs(), second, 'made anew');
    });

    seesWhatRuns(() => ({ host, flags: [...to(host), ...authority.slice(2)] }));

    it('a second apply has nothing to do: it writes no file and reloads no daemon', async () => {
      const [state, running, since] = await Promise.all([host.state(), daemons(host), activity(host)]);
      await mark(host);
      const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...to(host), ...authority]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^\S+ {2}ok: nothing to do, \d+ checks passed\n$/);
      assert.deepEqual(await host.state(), state);
      assert.deepEqual(await daemons(host), running);
      const { reloads, restarts } = await activity(host, since);
      assert.deepEqual({ reloads, restarts }, { reloads: [], restarts: 0 });
      assert.deepEqual(await writtenSince(host, '/etc', '/usr', '/var/lib/harden-mail', '/root'), []);
      await assertTidy(host);
    });

    it('apply works over a connection that ssh keeps open, and says that no new login was possible', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'harden-mail-master-'));
      const socket = join(folder, 'socket');
      const config = join(folder, 'config');
      await writeFile(
        config,
        `ControlPath ${socket}\nIdentityFile ${join(folder, 'none')}\nIdentityAgent none\nUserKnownHostsFile ${host.knownHosts}\n`,
      );
      const known = `UserKnownHostsFile=${host.knownHosts}`;
      const ssh = (...args: string[]): void =>
        void execFileSync('ssh', ['-F', 'none', '-S', socket, ...args, `root@${host.address}`], { stdio: 'ignore' });
      ssh('-f', '-N', '-M', '-i', host.identity, '-o', known);
      try {
        await host.run("sed -i '/^smtpd_tls_auth_only/d' /etc/postfix/main.cf");
        const way = ['--host', host.address, '--user', 'root', '--ssh-config', config];
        const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...way, ...authority]);
        assert.equal(code, 0, stdout + stderr);
        assert.match(stdout, /changed: 1 setting in 1 file /);
        assert.match(
          stdout,
          /confirmed over the open connection of ssh; a new login is not proved: .* could not log in/,
        );
      } finally {
        ssh('-O', 'exit');
        await rm(folder, { recursive: true });
      }
    });
  });
});
