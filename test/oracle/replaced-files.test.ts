/**
 * An upgrade from 2.3 to 2.4 replaces the packages' files that nobody has edited. Together with the edited ones, which stay, they
 * must mean what all files of 2.3 meant: seen by the doveconf of 2.4.1 and of testing.
 */
import assert from 'node:assert/strict';
import { convertDovecot } from '../../src/convert/convert.ts';
import { loadDovecot } from '../../src/formats/dovecot/dovecot.ts';
import { flat } from './convert-expected.ts';
import { doveconf, type Doveconf } from './doveconf.ts';

type Files = Readonly<Record<string, string>>;

const ROOT = '/etc/dovecot/dovecot.conf';
const AUTH = '/etc/dovecot/conf.d/10-auth.conf';
const SQL = '/etc/dovecot/dovecot-sql.conf.ext';
const LDAP = '/etc/dovecot/dovecot-ldap.conf.ext';

const including = (...names: string[]): Readonly<Record<string, (text: string) => string>> => ({
  [AUTH]: (text) => names.reduce((now, name) => now.replace(`#!include ${name}`, `!include ${name}`), text.replace(/^!include auth-system/m, '#$&')), // oxfmt-ignore
});

/** What administrators edit: changes to files of 2.3, and files of their own. */
const HOSTS: readonly {
  readonly name: string;
  readonly edits: Readonly<Record<string, (text: string) => string>>;
  readonly own: Files;
}[] = [
  {
    name: 'users of the system, with the mail elsewhere',
    edits: {},
    own: { '/etc/dovecot/local.conf': 'mail_location = maildir:~/Maildir\n' },
  },
  {
    name: 'users in SQL',
    edits: including('auth-sql.conf.ext'),
    own: {
      '/etc/dovecot/local.conf':
        'mail_location = maildir:/var/vmail/%d/%n\nmail_plugins = $mail_plugins fts\nprotocol lmtp {\n  mail_plugins = $mail_plugins sieve\n}\n',
      [SQL]: "driver = sqlite\nconnect = /var/mail.sqlite\npassword_query = SELECT password FROM users WHERE name = '%u'\nuser_query = SELECT home, 5000 AS uid, 5000 AS gid FROM users WHERE name = '%u'\n", // oxfmt-ignore
    },
  },
  {
    name: 'users in SQL, and no line of 2.3 in any edited file',
    edits: including('auth-sql.conf.ext'),
    own: {
      '/etc/dovecot/local.conf': 'mail_max_userip_connections = 50\n',
      [SQL]: "driver = sqlite\nconnect = /var/mail.sqlite\npassword_query = SELECT password FROM users WHERE name = '%u'\nuser_query = SELECT home, 5000 AS uid, 5000 AS gid FROM users WHERE name = '%u'\n", // oxfmt-ignore
    },
  },
  {
    name: 'users in LDAP',
    edits: including('auth-ldap.conf.ext'),
    own: {
      '/etc/dovecot/local.conf': 'mail_location = maildir:/var/vmail/%d/%n\n',
      [LDAP]: 'uris = ldap://127.0.0.1\nbase = ou=people,dc=dir,dc=test\nuser_filter = (mail=%u)\npass_filter = (mail=%u)\nuser_attrs = mailHome=home\npass_attrs = userPassword=password\n', // oxfmt-ignore
    },
  },
  {
    name: 'users in a file, a list of masters, and a list of those who are denied',
    edits: including('auth-passwdfile.conf.ext', 'auth-master.conf.ext', 'auth-deny.conf.ext'),
    own: { '/etc/dovecot/local.conf': 'mail_location = maildir:/var/vmail/%d/%n\n' },
  },
];

const EMPTY = 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n';
/** Of a package that no upgrade installs. */
const FLATCURVE = '/etc/dovecot/conf.d/90-fts-flatcurve.conf';

/** Two ways to say the same. */
const SAME: Readonly<Record<string, string>> = {
  'mail_inbox_path = .': '',
  'mail_path = %{home}/mail': '~/mail',
  'auth_mechanisms = plain': '', // doveconf shows no default of a list
  'service managesieve-login > inet_listener sieve > port = 4190': '', // nor of a listener
};

/** Of plugins that the other hosts do not load. */
const OF_PLUGINS = /^(sieve_script personal > |sieve_vacation_max_period$|fts_)/;
/** Users of the system have no domain, and their homes are elsewhere. */
const OF_VIRTUAL_USERS = /^(mail_home|protocol lmtp > auth_username_format)$/;

/** Stricter than 2.3, or of another release's making: of no effect on users' names, passwords and mail. */
const MAY = /^(ssl_min_protocol|ssl_client_ca_dir|ssl_server_dh_file|dovecot_(config|storage)_version)$/;

for (const [release, version] of [
  ['trixie', '2.4.1'],
  ['forky', '2.4.5'],
] as const)
  describe(`oracle: files that an upgrade to ${version} replaces`, () => {
    let old: Doveconf;
    let now: Doveconf;
    let was: Files;
    let is: Files;
    let defaults: ReadonlyMap<string, string>;
    before(async () => {
      [old, now] = await Promise.all([doveconf('bookworm'), doveconf(release)]);
      const [before, { [FLATCURVE]: _, ...after }] = await Promise.all([old.stock(), now.stock()]);
      [was, is] = [before, after];
      const reading = await now.readWithDefaults({ [ROOT]: EMPTY });
      assert.ok(reading.ok, 'error' in reading ? reading.error : '');
      defaults = flat(reading.settings);
    });

    const read = async (files: Files): Promise<ReadonlyMap<string, string>> => {
      const { files: result, problems } = convertDovecot(loadDovecot(files, ROOT), version);
      assert.deepEqual(problems, []);
      const reading = await now.read(result);
      assert.ok(reading.ok, 'error' in reading ? reading.error : '');
      return flat(reading.settings);
    };

    for (const { name, edits, own } of HOSTS)
      it(`with the files that stay they mean what all files of 2.3 meant: ${name}`, async () => {
        const edited = Object.fromEntries(Object.entries(edits).map(([path, edit]) => [path, edit(was[path] ?? '')]));
        const kept = await read({ ...was, ...edited, ...own });
        const replaced = await read({ ...is, ...edited, ...own });
        const idle = [
          ...(name === 'users in SQL' ? [] : [OF_PLUGINS]),
          ...(name.startsWith('users of the system') ? [OF_VIRTUAL_USERS] : []),
        ];
        const names = [...new Set([...kept.keys(), ...replaced.keys()])].filter(
          (key) => ![MAY, ...idle].some((pattern) => pattern.test(key)),
        );
        const of = (settings: ReadonlyMap<string, string>, key: string): string =>
          SAME[`${key} = ${settings.get(key) ?? defaults.get(key) ?? ''}`] ??
          settings.get(key) ??
          defaults.get(key) ??
          '';
        const differ = names.filter((key) => of(kept, key) !== of(replaced, key));
        assert.deepEqual(
          differ.map((key) => `${key}: ${kept.get(key) ?? 'nothing'}, and now ${replaced.get(key) ?? 'nothing'}`),
          [],
        );
      });

    it('files of 2.4 alone stay as they are', () => {
      const { files, lines } = convertDovecot(loadDovecot(is, ROOT), version);
      assert.deepEqual([files, lines], [is, []]);
    });
  });
