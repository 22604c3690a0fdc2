import assert from 'node:assert/strict';
import { HardenMailError } from '../../../src/model/errors.ts';
import { compose } from '../../../src/plan/compose.ts';
import { diffOf } from '../../../src/plan/diff.ts';
import { RECIPE } from '../../../src/tasks/index.ts';
import { cases, type Files } from '../../support/convert-cases.ts';
import { host, type Description } from '../../support/plan/host.ts';

const UPGRADED: Description = { dovecot: '2.4.1' };

function planOf(files: Files, description = UPGRADED) {
  const { snapshot, policy } = host(files, description);
  return compose(snapshot, policy, RECIPE);
}

describe('plan: Dovecot upgraded from 2.3 to 2.4', () => {
  it('the plan shows no password of a database, neither in the diff nor among the settings', () => {
    const secrets = {
      'sql-mysql-prefetch': 'se:cret',
      'sql-pgsql-two-servers': 'p#ss',
      'sql-pgsql-in-quotes': 'two words',
      'ldap-with-lookups': 's3cr#t',
    };
    for (const [name, secret] of Object.entries(secrets)) {
      const one = cases().find((found) => found.name === name);
      assert.ok(one && Object.values(one.before).some((bytes) => bytes.includes(secret)), name);
      const { changes, settings } = planOf(one.before);
      assert.ok(
        changes.some(({ after }) => after?.includes(secret)),
        name,
      );
      const shown = changes.map((change) => diffOf(change)).join('') + JSON.stringify(settings);
      assert.ok(!shown.includes(secret), `${name}: ${shown}`);
    }
  });

  it('a daemon of the old release is restarted, because it cannot load files of the new one', () => {
    const files = { '/etc/dovecot/dovecot.conf': 'ssl_cert = </a\n' };
    const { activations } = planOf(files);
    assert.deepEqual(
      activations.map(({ unit, how }) => `${how} ${unit}`),
      ['restart dovecot'],
    );
  });

  it('the error names every line that cannot be converted, with the next step, and masks secrets', () => {
    const conf = 'mail_plugins = antispam\nplugin {\n  antispam_password = hush\n}\n';
    try {
      planOf({ '/etc/dovecot/dovecot.conf': conf });
      assert.fail('it is planned');
    } catch (error) {
      assert.ok(error instanceof HardenMailError, String(error));
      assert.equal(error.code, 'CONFIG_INVALID');
      assert.match(error.message, /dovecot\.conf:1, \/etc\/dovecot\/dovecot\.conf:3$/);
      assert.match(error.excerpt ?? '', /dovecot\.conf:1: mail_plugins = antispam\n {4}remove antispam/);
      assert.doesNotMatch(error.excerpt ?? '', /hush/);
    }
  });

  it('the plan warns of Sieve extensions that 2.4 does not have, and of programs for quota warnings', () => {
    const conf =
      'mail_plugins = quota sieve\nplugin {\n  sieve_extensions = +notify +vacation-seconds\n' +
      '  quota_warning = storage=90%% quota-warning 90 %u\n}\n';
    const sieve = { packages: { 'dovecot-sieve': { version: '1:2.4.1', status: 'installed' } } };
    const texts = planOf({ '/etc/dovecot/dovecot.conf': conf }, { ...UPGRADED, ...sieve }).notes.map(
      ({ text }) => text,
    );
    assert.ok(
      texts.some((text) => /dovecot\.conf:3: Pigeonhole 2\.4 has no notify/.test(text)),
      texts.join('\n'),
    );
    assert.ok(
      texts.some((text) => /dovecot\.conf:4: a program for warnings/.test(text)),
      texts.join('\n'),
    );
  });

  it('the plan warns where mailbox_alias is loaded, because folders that have two names are listed under both', () => {
    const conf =
      'mail_plugins = quota mailbox_alias\nplugin {\n  mailbox_alias_old = Sent\n  mailbox_alias_new2 = Sent Items\n}\n';
    const { notes, changes } = planOf({ '/etc/dovecot/dovecot.conf': conf }, UPGRADED);
    const [text] = notes.flatMap((note) =>
      /mailbox_alias:/.test(note.text) && note.level === 'warning' ? note.text : [],
    );
    assert.match(text ?? '', /dovecot\.conf:1: Dovecot 2\.4 has no mailbox_alias/);
    assert.match(changes[0]?.after ?? '', /^ {2}#mailbox_alias_old = Sent$/m);
    assert.match(changes[0]?.after ?? '', /^mail_plugins = quota$/m);
  });

  it('settings of a plugin that is not installed become comments', () => {
    const files = { '/etc/dovecot/dovecot.conf': 'plugin {\n  sieve = ~/.dovecot.sieve\n}\n' };
    const after = (description: Description): string => planOf(files, description).changes[0]?.after ?? '';
    assert.match(after(UPGRADED), /^ {2}#sieve = ~\/\.dovecot\.sieve$/m);
    const installed = { packages: { 'dovecot-sieve': { version: '1:2.4.1', status: 'installed' } } };
    assert.match(after({ ...UPGRADED, ...installed }), /sieve_script personal \{/);
  });
});
