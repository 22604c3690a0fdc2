import assert from 'node:assert/strict';
import type { Bytes, Change, Transaction } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { undoPlan } from '../../../src/plan/undo.ts';
import { host, type Description } from '../../support/plan/host.ts';

const MAIN = '/etc/postfix/main.cf';
const CONF = '/etc/dovecot/dovecot.conf';
const OLD = 'disable_plaintext_auth = yes\n';
const NEW = 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\nauth_allow_cleartext = no\n';

/** A transaction that stayed: what it made of each file. */
function wrote(id: string, files: Readonly<Record<string, readonly [before: Bytes | null, after: Bytes | null]>>) {
  const changes = Object.entries(files).map(([path, [before, after]]): Change => {
    return { path, target: path, before, after, sha256: '', mode: '0644', owner: 'root:root' };
  });
  return { id, who: 'ann', state: 'committed', reason: '', changes } satisfies Transaction;
}

/** The plan that undoes these transactions, newest first, as far as `to`. */
function undo(history: readonly Transaction[], files: Readonly<Record<string, Bytes>>, to?: string, of?: Description) {
  return undoPlan(history, to, host(files, of).snapshot);
}

const UPGRADED: Description = { dovecot: '2.4.1' };

describe('plan: rollback', () => {
  const history = [
    wrote('t2', { [MAIN]: ['b\n', 'c\n'] }),
    wrote('t1', { [MAIN]: ['a\n', 'b\n'], '/etc/x': [null, 'x\n'] }),
  ];

  it('the plan goes back to the files before the last transaction that stayed, or before the named one', () => {
    const failed = { ...wrote('t3', { [MAIN]: ['c\n', 'd\n'] }), state: 'rolled-back' };
    const files = { [MAIN]: 'c\n', '/etc/x': 'x\n' };
    const back = (to?: string) =>
      undo([failed, ...history], files, to).changes.map(({ path, before, after }) => [path, before, after]);
    assert.deepEqual(back(), [[MAIN, 'c\n', 'b\n']]);
    assert.deepEqual(back('t1'), [
      [MAIN, 'c\n', 'a\n'],
      ['/etc/x', 'x\n', null],
    ]);
  });

  it('the plan lists the packages that stay and the packages that do not come back', () => {
    const [last, first] = [history[0]!, history[1]!];
    const installed = { ...first, installed: ['postfix', 'certbot'], removed: ['exim4-daemon-light'] };
    const files = { [MAIN]: 'c\n', '/etc/x': 'x\n' };
    assert.deepEqual(undo([last, installed], files).notes, []);
    assert.deepEqual(
      undo([last, installed], files, 't1').notes.map(({ level, text }) => `${level}: ${text}`),
      [
        'warning: packages that were installed stay: postfix, certbot',
        'warning: packages that apt removed for them do not come back: exim4-daemon-light',
      ],
    );
  });

  it('the plan lists the certbot certificates that no daemon uses any more', () => {
    const line = (name: string): string => `smtpd_tls_cert_file = /etc/letsencrypt/live/${name}/fullchain.pem\n`;
    const notes = (before: string, after: string): string[] =>
      undo([wrote('t1', { [MAIN]: [before, after] })], { [MAIN]: after }).notes.map(({ text }) => text);
    assert.deepEqual(notes('a\n', line('mx.example.org')), [
      'certificates of certbot stay, and are renewed: mx.example.org (certbot delete --cert-name NAME removes one)',
    ]);
    assert.deepEqual(notes(line('mx.example.org'), `${line('mx.example.org')}a = b\n`), []);
  });

  it('the rollback is refused when there is nothing to undo or a file has changed since', () => {
    assert.throws(() => undo([], {}), { code: 'USAGE', message: 'there is no transaction to undo' });
    assert.throws(() => undo(history, {}, 't9'), { code: 'USAGE' });
    assert.throws(() => undo(history, { [MAIN]: 'mine\n' }), {
      code: 'CONFIG_CONFLICT',
      message: /main\.cf has changed since transaction t2/,
    });
  });

  describe('over an upgrade of Dovecot from 2.3 to 2.4', () => {
    const conversion = wrote('t2', { [CONF]: [OLD, NEW], '/etc/dovecot/old.conf.ext': ['x = y\n', null] });
    const later = wrote('t3', { [CONF]: [NEW, `${NEW}ssl = required\n`] });
    const before = wrote('t1', { [CONF]: ['', OLD] });
    const files = { [CONF]: `${NEW}ssl = required\n` };

    it('the rollback does not go back before the conversion, and the error says how far it can go', () => {
      assert.deepEqual(
        undo([later, conversion, before], files, undefined, UPGRADED).changes.map(({ after }) => after),
        [NEW],
      );
      for (const to of ['t2', 't1'])
        assert.throws(() => undo([later, conversion, before], files, to, UPGRADED), {
          code: 'CONFIG_CONFLICT',
          message:
            "transaction t2 converted Dovecot's files from 2.3 to 2.4, and Dovecot 2.4.1 does not start with those of before",
          hint: 'Nothing was written. `harden-mail rollback --to t3` goes back as far as that.',
        });
      assert.throws(() => undo([conversion, before], { [CONF]: NEW }, undefined, UPGRADED), {
        code: 'CONFIG_CONFLICT',
        hint: 'Nothing was written. Edit the files by hand; `harden-mail check` shows what the recipe wants.',
      });
    });

    it('the rollback works under Dovecot 2.3, and to settings that both versions accept', () => {
      const first = [wrote('t1', { [CONF]: ['', OLD] })];
      assert.equal(undo(first, { [CONF]: OLD }).changes[0]?.after, '');
      const both = [wrote('t1', { [CONF]: [NEW, `${NEW}ssl = required\n`] })];
      assert.equal(undo(both, files, undefined, UPGRADED).changes[0]?.after, NEW);
    });

    it('a rollback of other files is not blocked, because the files of Dovecot wait for their conversion anyway', () => {
      const one = [wrote('t1', { [MAIN]: ['a\n', 'b\n'] })];
      assert.equal(undo(one, { [MAIN]: 'b\n', [CONF]: OLD }, undefined, UPGRADED).changes[0]?.after, 'a\n');
    });

    it('the plan of the conversion warns of it beforehand', () => {
      const { snapshot, policy } = host({ [CONF]: OLD }, UPGRADED);
      const { notes } = compose(snapshot, policy);
      assert.ok(
        notes.some(
          ({ level, text }) =>
            level === 'warning' && /^`harden-mail rollback` does not lead back before this/.test(text),
        ),
        JSON.stringify(notes),
      );
    });
  });
});
