import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cleanCapture } from '../../../src/rehearse/clean-capture.ts';
import { copyPackages, copyScript } from '../../../src/rehearse/copy.ts';
import { databasesAsked } from '../../../src/rehearse/databases-asked.ts';
import { passdbsIn, personFor } from '../../../src/rehearse/person.ts';
import { stubsFor } from '../../../src/rehearse/stubs.ts';

describe('rehearse: the packages of the copy', () => {
  it('the mail packages of the host are installed, and those that it lacks are removed', () => {
    const packages = {
      postfix: '1',
      'postfix-pcre': '1',
      'dovecot-core': '1',
      'dovecot-sieve': '1',
      'postfix-doc': '1',
      nginx: '1',
    };
    assert.deepEqual(copyPackages(packages), {
      also: ['dovecot-sieve', 'postfix-pcre'],
      absent: ['dovecot-imapd', 'dovecot-pop3d', 'certbot'],
      versions: [{ 'dovecot-core': '1', 'dovecot-sieve': '1', postfix: '1', 'postfix-pcre': '1' }],
    });
  });
});

describe('rehearse: the versions of the packages of the copy', () => {
  it('packages of one version are one group, and a version that is none of Debian is left out', () => {
    const packages = {
      'dovecot-core': '1:2.3.19.1+dfsg1-2.1+deb12u6',
      'dovecot-imapd': '1:2.3.19.1+dfsg1-2.1+deb12u6',
      'dovecot-antispam': '2.0+20171229-1+b6',
      certbot: '2.1.0-4',
      'python3-certbot': '2.1.0-4',
      'libsasl2-2': '2.1.28+dfsg-10',
      postfix: '3.7;reboot',
      openssl: '3.0',
    };
    assert.deepEqual(copyPackages(packages).versions, [
      { certbot: '2.1.0-4', 'python3-certbot': '2.1.0-4' },
      { 'dovecot-antispam': '2.0+20171229-1+b6' },
      { 'dovecot-core': '1:2.3.19.1+dfsg1-2.1+deb12u6', 'dovecot-imapd': '1:2.3.19.1+dfsg1-2.1+deb12u6' },
      { 'libsasl2-2': '2.1.28+dfsg-10' },
    ]);
  });
});

describe('rehearse: the files of the copy', () => {
  it('a file that nobody has edited is written too, but not those that belong to the version of Postfix', () => {
    const file = (path: string, pristine: boolean) => ({ path, mode: '644', owner: 'root:root', bytes: 'a = b\n', pristine }); // oxfmt-ignore
    const files = [file('/etc/postfix/main.cf', false), file('/etc/dovecot/conf.d/10-ssl.conf', true), file('/etc/postfix/postfix-files', true)]; // oxfmt-ignore
    const none = { users: [], groups: [], packages: {}, pems: [], folders: [], read: [], stock: [], programs: [], saslauthd: [], running: [], listing: [], others: [] }; // oxfmt-ignore
    const { script, replaced } = copyScript(cleanCapture({ hostname: 'mx1.example.test', files, ...none }));
    const written = script.match(/^(put|stock) '?\/\S+/gm)?.map((line) => line.replaceAll("'", ''));
    assert.deepEqual(written, ['put /etc/postfix/main.cf', 'stock /etc/dovecot/conf.d/10-ssl.conf']);
    assert.deepEqual(replaced, []);
    assert.equal(spawnSync('sh', ['-n'], { input: script }).stderr.toString(), '');
  });
});

describe('rehearse: stubs', () => {
  const main =
    'smtpd_milters = inet:127.0.0.1:8891, unix:spf/spf.sock\nsmtpd_recipient_restrictions =\n  check_policy_service inet:127.0.0.1:10023\ncontent_filter = amavis:[127.0.0.1]:10024\n';
  const listener = (process: string, port: number, address = '127.0.0.1') => ({ process, port, address });

  it('each port of another program gets a stub of its kind, under the name of the program', () => {
    const found = stubsFor([listener('opendkim', 8891), listener('postgrey', 10023), listener('amavisd', 10024), listener('stunnel4', 465, '*'), listener('master', 25), listener('sshd', 22)], [main], '/var/spool/postfix'); // oxfmt-ignore
    assert.deepEqual(found, [
      { kind: 'milter', name: 'opendkim', where: '127.0.0.1:8891' },
      { kind: 'policy', name: 'postgrey', where: '127.0.0.1:10023' },
      { kind: 'smtp', name: 'amavisd', where: '127.0.0.1:10024' },
      { kind: 'accept', name: 'stunnel4', where: '0.0.0.0:465' },
      { kind: 'milter', name: 'milter', where: '/var/spool/postfix/spf/spf.sock' },
    ]);
  });
});

describe('rehearse: the stub of a filter', () => {
  const amavis = [{ process: 'amavisd', port: 10024, address: '127.0.0.1' }];

  it('it passes mail on to the port at which the mail comes back', () => {
    const master = '127.0.0.1:10020 inet n - n - - smtpd\n127.0.0.1:10025 inet n - n - - smtpd\n';
    const [found] = stubsFor(amavis, ['content_filter = smtp-amavis:[127.0.0.1]:10024\n', master], '/q');
    assert.deepEqual(found, { kind: 'relay', name: 'amavisd', where: '127.0.0.1:10024', next: 10025 });
  });
});

describe('rehearse: the user', () => {
  const postconf = {
    mydestination: 'localhost, mx.example.test',
    myhostname: 'mx.example.test',
    virtual_mailbox_maps: 'hash:/etc/postfix/vmaps',
  };
  const pam = 'passdb {\n  driver = pam\n}\nuserdb {\n  driver = passwd\n}\n';
  const file = 'passdb {\n  args = scheme=CRYPT username_format=%u /etc/dovecot/users\n  driver = passwd-file\n}\n';

  it('the passdbs are read in the syntax of Dovecot 2.3 and of 2.4', () => {
    assert.deepEqual(passdbsIn(file), [{ driver: 'passwd-file', path: '/etc/dovecot/users' }]);
    const later = 'passdb passwd-file {\n  passwd_file_path = /etc/dovecot/users\n}\npassdb pam {\n}\n';
    assert.deepEqual(passdbsIn(later), [{ driver: 'passwd-file', path: '/etc/dovecot/users' }, { driver: 'pam' }]); // oxfmt-ignore
  });

  it('a user of the system is added where PAM checks passwords', () => {
    const { person, script, notes } = personFor({ doveconf: pam, postconf, file: () => null, password: 'pw' });
    assert.deepEqual(person, { login: 'rehearsal', address: 'rehearsal@mx.example.test', password: 'pw' });
    assert.match(script, /useradd .*rehearsal/);
    assert.deepEqual(notes, []);
  });

  it('a line like that of another user is added to a passwd-file, and an entry to the tables of Postfix', () => {
    const texts: Record<string, string> = {
      '/etc/dovecot/users': 'anna@one.test:x:5000:5000::/var/vmail/one.test/anna::\n',
      '/etc/postfix/vmaps': 'anna@one.test one.test/anna/\n',
    };
    const found = personFor({ doveconf: file, postconf, file: (path) => texts[path] ?? null, password: 'pw' });
    assert.equal(found.person?.login, 'rehearsal@one.test');
    assert.match(found.script, /'5000:5000::\/var\/vmail\/one\.test\/rehearsal::'/);
    assert.match(found.script, /'rehearsal@one\.test one\.test\/rehearsal\/' >>'\/etc\/postfix\/vmaps' && postmap/);
  });

  it('nobody is added where no passdb can take a user, and that is said', () => {
    const { person, notes } = personFor({ doveconf: file, postconf, file: () => null, password: 'pw' });
    assert.equal(person, null);
    assert.deepEqual(notes, ['logins and mailboxes: none of the passdbs can take a user of the rehearsal']);
  });
});

describe('rehearse: databases that are asked', () => {
  const file = (path: string, bytes: string) => ({ path, bytes, mode: '644', owner: 'root:root', pristine: false });

  it('the kinds of which a copy has a stand-in are found in the syntax of Postfix and of Dovecot 2.3 and 2.4, and the others are named with their files', () => {
    const files = [
      file(
        '/etc/postfix/main.cf',
        '# x = sqlite:/a\nvirtual_mailbox_maps = hash:/a, proxy:mysql:/etc/postfix/v.cf nis:users\n',
      ),
      file('/etc/dovecot/a.conf', 'passdb {\n  driver = sql\n}\nuserdb {\n  driver = passwd\n}\n'),
      file('/etc/dovecot/b.conf', 'sql_driver = pgsql\npassdb ldap {\n}\npassdb pam {\n}\npassdb oauth2 {\n}\n'),
      file('/etc/dovecot/unread.conf', 'passdb sql {\n}\n'),
    ];
    assert.deepEqual(databasesAsked({ files, read: ['/etc/dovecot/a.conf', '/etc/dovecot/b.conf'] }), {
      kinds: ['ldap', 'mysql', 'pgsql'],
      others: ['/etc/postfix/main.cf: nis:users', '/etc/dovecot/b.conf: driver oauth2'],
    });
  });
});
