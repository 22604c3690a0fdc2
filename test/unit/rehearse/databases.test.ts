import assert from 'node:assert/strict';
import { countedTables, lookupsOfDovecot, lookupsOfPostfix } from '../../../src/rehearse/lookups.ts';
import { expanded } from '../../../src/rehearse/lookup-variables.ts';
import { personFor } from '../../../src/rehearse/person.ts';

const FILES: Readonly<Record<string, string>> = {
  '/etc/postfix/domains.cf': 'hosts = db.test\nuser = rehearsal\ndbname = mail\nquery = SELECT name\n  FROM domains\n  WHERE name = \'%s\'\n', // oxfmt-ignore
  '/etc/postfix/old.cf': "hosts = db.test\ndbname = mail\ntable = users\nselect_field = maildir\nwhere_field = address\nadditional_conditions = AND active = '1'\n", // oxfmt-ignore
  '/etc/dovecot/sql.ext': "driver = pgsql\nconnect = host=10.0.0.9 dbname=mail user=rehearsal\npassword_query = SELECT password \\\n  FROM u WHERE a = '%u'\nuser_query = SELECT home FROM u WHERE a = '%u'\n", // oxfmt-ignore
  '/etc/dovecot/quota.ext': 'connect = host=10.0.0.9 dbname=mail\nmap {\n  pattern = priv/quota/storage\n  table = quota\n  username_field = username\n  value_field = bytes\n}\n', // oxfmt-ignore
  '/etc/dovecot/ldap.ext': 'uris = ldap://ldap.test:3890\nbase = ou=people,dc=one,dc=test\ndn = cn=reader,dc=one,dc=test\npass_filter = (&(objectClass=mailUser)(mail=%u)(!(locked=yes)))\npass_attrs = mail=user,userPassword=password\n', // oxfmt-ignore
};
const file = (path: string): string | null => FILES[path] ?? null;
const SQL = 'passdb {\n  args = /etc/dovecot/sql.ext\n  driver = sql\n}\nuserdb {\n  driver = prefetch\n}\n';
const LDAP = 'passdb {\n  args = /etc/dovecot/ldap.ext\n  driver = ldap\n}\n';

describe('rehearse: the lookups of a host', () => {
  it('those of Postfix have the query of the file, in its present and in its first syntax, and the question that they answer', () => {
    const postconf = ['virtual_mailbox_maps = proxy:mysql:/etc/postfix/old.cf', 'virtual_mailbox_domains = mysql:/etc/postfix/domains.cf', 'submission/inet/transport_maps = mysql:/etc/postfix/gone.cf']; // oxfmt-ignore
    const found = lookupsOfPostfix({ doveconf: '', postconf, file });
    assert.deepEqual(
      found.map(({ role, settings, map }) => [role, settings['query'], map]),
      [
        ['domain', "SELECT name FROM domains WHERE name = '%s'", 'mysql:/etc/postfix/domains.cf'],
        ['mailbox', "SELECT maildir FROM users WHERE address = '%s' AND active = '1'", 'mysql:/etc/postfix/old.cf'],
      ],
    );
  });

  it('those of Dovecot are found in the syntax of 2.3 and of 2.4, with the server that they ask', () => {
    const found = lookupsOfDovecot({ doveconf: SQL, postconf: [], file });
    assert.deepEqual(
      found.map(({ kind, role, settings }) => [kind, role, settings['host'], settings['query']]),
      [['pgsql', 'password', '10.0.0.9', "SELECT password    FROM u WHERE a = '%u'"]],
    );
    const later = "sql_driver = mysql\nmysql db.test {\n  dbname = mail\n  user = reader\n}\npassdb sql {\n  query = SELECT 1 FROM u WHERE a = '%{user}'\n}\n"; // oxfmt-ignore
    const [one] = lookupsOfDovecot({ doveconf: later, postconf: [], file });
    assert.deepEqual([one?.kind, one?.settings['host'], one?.settings['dbname'], one?.settings['query']], ['mysql', 'db.test', 'mail', "SELECT 1 FROM u WHERE a = '%{user}'"]); // oxfmt-ignore
  });

  it('the table of a dictionary has its user as text, and what is counted as a number', () => {
    const doveconf = 'dict {\n  quota = mysql:/etc/dovecot/quota.ext\n}\n';
    const [table] = countedTables({ doveconf, postconf: [], file });
    assert.deepEqual([table?.table, table?.texts, table?.numbers], ['quota', ['username'], ['bytes']]);
  });

  it('variables have the values of the user, one text for each service that a query asks about', () => {
    assert.deepEqual(expanded("a = '%u' AND b = '%d' AND c = '%%s'", 'postfix', 'r@one.test'), ["a = 'r' AND b = 'one.test' AND c = '%s'"]); // oxfmt-ignore
    assert.deepEqual(expanded('%Lu %{user | username} %{domain}', 'dovecot', 'r@one.test'), ['r@one.test r one.test']);
    assert.ok(expanded('enable%Ls%Lc = 1', 'dovecot', 'r@one.test').includes('enableimapsecured = 1'));
  });
});

describe('rehearse: the user in the databases of a host', () => {
  /** With the texts that the script writes in place of their base64. */
  const plain = (script: string): string =>
    script.replace(/printf %s ([\w+/=]+) \| base64 -d/g, (_, text: string) => Buffer.from(text, 'base64').toString());
  const planned = (facts: Parameters<typeof personFor>[0]) => {
    const made = personFor(facts);
    return { ...made, script: plain(made.script) };
  };
  const user = (doveconf: string, more: Readonly<Record<string, string>> = {}) =>
    planned({ doveconf, postconf: { mydomain: 'one.test', mydestination: 'localhost', virtual_mailbox_domains: 'mysql:/etc/postfix/domains.cf', ...more }, file, password: 'pw', passwords: ['{CRYPT}$6$x'] }); // oxfmt-ignore

  it('a server of the same kind is filled, under the names and addresses that the files have', () => {
    const { person, script, questions, differences } = user(SQL);
    assert.equal(person?.login, 'rehearsal@one.test');
    assert.match(
      script,
      /reach '10\.0\.0\.9'[^]*postgresql[^]*INSERT INTO "u" \("password", "a"\) VALUES \('\{CRYPT\}\$6\$x', 'rehearsal@one\.test'\)/,
    );
    assert.match(script, /reach 'db\.test'|reach db\.test/);
    assert.match(script, /GRANT ALL ON \*\.\* TO 'rehearsal'@'%'/);
    assert.deepEqual(questions, [{ place: '/etc/postfix/domains.cf', map: 'mysql:/etc/postfix/domains.cf', key: 'one.test' }]); // oxfmt-ignore
    assert.equal(differences.length, 2);
  });

  it('a directory has an entry that the filter finds, the account that reads, and definitions of unknown words', () => {
    const { person, script } = user(LDAP, { virtual_mailbox_domains: 'one.test' });
    assert.equal(person?.address, 'rehearsal@one.test');
    assert.match(script, /dn: cn=rehearsal,ou=people,dc=one,dc=test\ncn: rehearsal\nobjectClass: mailUser\n/);
    assert.doesNotMatch(script, /locked/);
    assert.match(script, /userPassword: \{CRYPT\}\$6\$x/);
    assert.match(script, /dn: cn=reader,dc=one,dc=test\ncn: reader\nuserPassword: rehearsal\n/);
    assert.match(script, /for name in .*'?mailUser'?/);
    assert.match(script, /ldap:\/\/0\.0\.0\.0:3890\//);
    assert.ok(script.indexOf('dn: dc=test\n') < script.indexOf('dn: dc=one,dc=test\n'), 'parents come first');
  });

  it('a script that knows the user takes the place of the one that checks passwords in Lua, and of checkpassword', () => {
    const lua = user('passdb {\n  args = file=/etc/dovecot/auth.lua blocking=yes\n  driver = lua\n}\n');
    assert.match(lua.script, /auth_passdb_lookup[^]*install -m 644 \/dev\/stdin '?\/etc\/dovecot\/auth\.lua'?/);
    assert.equal(lua.person?.login, 'rehearsal@one.test');
    const program = user('passdb {\n  args = /usr/local/bin/check\n  driver = checkpassword\n}\n');
    assert.match(program.script, /exec @ARGV[^]*install -m 755 \/dev\/stdin '?\/usr\/local\/bin\/check'?/);
    assert.deepEqual(program.notes, []);
  });
});
