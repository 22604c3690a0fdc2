import assert from 'node:assert/strict';
import { KNOWN } from '../../../src/convert/known.ts';
import { CONVERSION_RULES } from '../../../src/convert/conversion-rules.ts';
import { convertDovecot } from '../../../src/convert/convert.ts';
import { loadDovecot } from '../../../src/formats/dovecot/dovecot.ts';
import { convertVariables } from '../../../src/convert/variables.ts';
import { accept, cases, changed, convert, problemsOf, ROOT } from '../../support/convert-cases.ts';

describe('convert: cases', () => {
  for (const one of cases()) {
    it(`the files are converted as expected, and a second conversion changes nothing: ${one.name}`, () => {
      const conversion = convert(one.before);
      if (process.env['ACCEPT']) accept(one, conversion);
      else {
        assert.deepEqual(changed(one.before, conversion), one.after);
        assert.deepEqual(problemsOf(conversion), one.problems);
      }
      if (conversion.problems.length > 0) {
        assert.deepEqual(conversion.files, one.before, 'where one line cannot be converted, none is');
        return;
      }
      for (const [path, before] of Object.entries(one.before)) {
        const after = conversion.files[path] ?? '';
        assert.deepEqual(matched(after, comments(before)), comments(before), `${path}: a comment is lost or moved`);
      }
      const again = convert(conversion.files);
      assert.deepEqual(again.problems, []);
      assert.deepEqual(changed(conversion.files, again), {}, 'a second time changes something');
    });
  }
});

describe('convert: fields of single users in a passwd-file', () => {
  const files = (args: string) => ({
    [ROOT]: `passdb {\n  driver = pam\n}\nuserdb {\n  driver = passwd-file\n  args = ${args}\n}\n`,
  });
  const converted = (name: string) =>
    convertDovecot(loadDovecot(files('username_format=%n /etc/virtual/%d/passwd'), ROOT), '2.4.1', {
      userFields: (path) => (path === '/etc/virtual/*/passwd' ? [{ name, count: 3 }] : []),
    });

  it('a field that 2.4 would ignore is refused with the number of its users', () => {
    assert.match(problemsOf(converted('mail')).join(), /dovecot.conf:6: rewrite fields .*userdb_mail of 3 users/);
  });

  it('a quota rule in a passwd-file is converted', () => {
    assert.deepEqual(problemsOf(converted('quota_rule')), []);
  });

  it('a location in a passwd-file is taken apart by Dovecot, and users without one have mail_location', () => {
    const location = 'mail_location = maildir:~/Maildir\n';
    const { files: now, problems } = convertDovecot(
      loadDovecot({ [ROOT]: location + files('/etc/users')[ROOT] }, ROOT),
      '2.4.1',
      { userFields: () => [{ name: 'mail', count: 3 }] },
    );
    assert.deepEqual(problems, []);
    assert.match(now[ROOT] ?? '', /mail_path = %\{passwd_file:mail \| default\('maildir:~\/Maildir'\) \| regexp\(/);
  });
});

describe('convert: values with a dollar sign', () => {
  const converted = (query: string) =>
    convert({
      [ROOT]: 'passdb {\n  driver = sql\n  args = /etc/sql\n}\n',
      '/etc/sql': `driver = sqlite\nconnect = /srv/users\npassword_query = ${query}\n`,
    });

  it('a dollar sign within a query stays in quotes, because 2.4 replaces a variable only where it is the whole value', () => {
    const query = "SELECT json_extract(a, '$.hash') AS password FROM users WHERE name = '%u'";
    assert.match(converted(query).files['/etc/sql'] ?? '', /passdb_sql_query = "SELECT json_extract\(a, '\$\.hash'\)/);
  });

  it('a value that 2.4 cannot have is refused with its line', () => {
    assert.deepEqual(problemsOf(converted("<users 'a'")), [
      '/etc/sql:3: write this value without `#`, quotes and line ends: in 2.4 it cannot have them',
    ]);
  });
});

describe('convert: schemes of passwords', () => {
  /** The file of a passdb, and the schemes that the gatherer counted in it. */
  const allowed = (args: string, names: readonly string[], driver = 'passwd-file'): boolean => {
    const files = { [ROOT]: `passdb {\n  driver = ${driver}\n  args = ${args}\n}\nuserdb {\n  driver = passwd\n}\n` };
    const { files: now } = convertDovecot(loadDovecot(files, ROOT), '2.4.1', {
      userFields: (path) => (path === '/etc/users' ? names.map((name) => ({ name, count: 1 })) : []),
    });
    return (now[ROOT] ?? '').includes('auth_allow_weak_schemes = yes');
  };

  it('a host whose passwords are all strong does not get auth_allow_weak_schemes', () => {
    assert.equal(
      allowed('/etc/users', ['{*}', '{SHA512-CRYPT}', '{CRYPT}$2y', '{}$6', '{SSHA}', '{SHA1}', '{PLAIN}']),
      false,
    );
    assert.equal(allowed('scheme=PLAIN username_format=%n /etc/users', ['{*}', '{}des']), false);
    assert.equal(allowed('password={SHA256}abc', [], 'static'), false);
  });

  it('one weak password, an unknown scheme or a file that was not seen is enough to allow weak schemes', () => {
    for (const weak of ['{}des', '{}$1', '{CRYPT}$1', '{MD5-CRYPT}', '{PLAIN-MD5}', '{LDAP-MD5}', '{SMD5}', '{?}'])
      assert.equal(allowed('/etc/users', ['{*}', '{SHA512-CRYPT}', weak]), true, weak);
    assert.equal(allowed('scheme=PLAIN-MD5 /etc/users', ['{*}', '{}']), true);
    assert.equal(allowed('/etc/users', []), true);
    assert.equal(allowed('password={PLAIN-MD5}abc', [], 'static'), true);
  });
});

describe('convert: single settings', () => {
  const of = (text: string, version = '2.4.1') => convertDovecot(loadDovecot({ [ROOT]: text }, ROOT), version);

  it('the field proxy_always, which 2.4.2 removed, is refused for it, in the files and in SQL', () => {
    const args = 'passdb {\n  driver = static\n  args = nopassword proxy_always=y proxy_maybe=y host=10.0.0.2\n}\n';
    assert.deepEqual(problemsOf(of(args)), []);
    assert.match(problemsOf(of(args, '2.4.5')).join(), /dovecot.conf:3: remove proxy_always/);
    const files = {
      [ROOT]: 'passdb {\n  driver = sql\n  args = /etc/dovecot/sql.conf.ext\n}\n',
      '/etc/dovecot/sql.conf.ext':
        "driver = sqlite\npassword_query = SELECT password, 'y' AS proxy_always FROM users\n",
    };
    const problems = problemsOf(convertDovecot(loadDovecot(files, ROOT), '2.4.5'));
    assert.match(problems.join(), /sql.conf.ext:2: remove proxy_always/);
  });

  it('pass_attrs is converted where Dovecot gives its fields to a session with a token', () => {
    const files = {
      [ROOT]:
        'auth_mechanisms = xoauth2\npassdb {\n  driver = oauth2\n  mechanisms = xoauth2\n  args = /etc/dovecot/o.conf.ext\n}\n',
      '/etc/dovecot/o.conf.ext':
        'introspection_url = http://[::1]/\npass_attrs = lang=%$ userdb_home=/srv/%{oauth2:id:none}\n',
    };
    const at = (version: string) => convertDovecot(loadDovecot(files, ROOT), version);
    assert.match(problemsOf(at('2.4.1')).join(), /o.conf.ext:2: remove pass_attrs: Dovecot 2.4.1/);
    const now = at('2.4.5').files['/etc/dovecot/o.conf.ext'] ?? '';
    assert.match(now, /lang = %\{oauth2:lang \| default\(''\)\}/);
    assert.match(now, /userdb_home = \/srv\/%\{oauth2:id \| default\('none'\)\}/);
  });

  it('without another passdb a mechanism with passwords stops the conversion of oauth2', () => {
    const passdb = 'passdb {\n  driver = oauth2\n  mechanisms = xoauth2\n  args = /etc/dovecot/o.conf.ext\n}\n';
    const files = { [ROOT]: passdb, '/etc/dovecot/o.conf.ext': 'introspection_url = http://[::1]/\n' };
    const { problems } = convertDovecot(loadDovecot(files, ROOT), '2.4.1');
    assert.deepEqual(
      problems.map(({ todo }) => todo.slice(0, 32)),
      ['remove plain from auth_mechanism'],
    );
  });

  it('a setting that 2.4 does not have becomes a comment, and the conversion says why', () => {
    const [, line] = of('config_cache_size = 2 M\n').lines;
    assert.deepEqual([line?.after, line?.why], [null, 'Dovecot 2.4 keeps its configuration in memory in another way.']);
  });

  it('a file whose only old value is of a setting that 2.4 knows is converted too', () => {
    assert.match(of('imapc_features = rfc822.size\n').files[ROOT] ?? '', /^imapc_features = no-fetch-headers /m);
    assert.match(of('mail_plugins = zlib\n').files[ROOT] ?? '', /^mail_plugins = mail_compress$/m);
    assert.match(problemsOf(of('auth_mechanisms = plain ntlm\n')).join(), /remove ntlm/);
    assert.match(problemsOf(of('auth_username_format = %{if;%d;eq;;%n;%u}\n')).join(), /replace %\{if/);
  });

  it('fields of a userdb that 2.4 knows under another name are refused', () => {
    const block = (fields: string) => `userdb {\n  driver = static\n  args = uid=1 gid=1 home=/h/%u ${fields}\n}\n`;
    for (const field of ['namespace/inbox/location=maildir:~/m', 'zlib_save=gz', 'mail_replica=tcp:x'])
      assert.match(problemsOf(of(block(field))).join(), /rewrite the field/, field);
    assert.deepEqual(problemsOf(of(block('acl_groups=staff nice=5'))), []);
  });

  it('fields of a userdb that are only renamed, or named with their block, are converted', () => {
    const fields = 'plugin/quota_rule=*:storage=1GB mail_crypt_private_password=x';
    const now = of(`userdb {\n  driver = static\n  args = uid=1 gid=1 home=/h/%u ${fields}\n}\n`).files[ROOT] ?? '';
    assert.match(now, /quota_storage_size = 1G\n/);
    assert.match(now, /crypt_user_key_password = x\n/);
  });

  it('a setting of a plugin that is not loaded becomes a comment, and the conversion says why', () => {
    const line = 'plugin {\n  antispam_backend = pipe\n  mistaken = yes\n}\n';
    assert.deepEqual(
      of(line).lines.flatMap(({ why }) => why ?? []),
      ['The plugin antispam, which reads it, is not loaded.', 'No plugin of Dovecot 2.3 has this setting.'],
    );
    assert.match(problemsOf(of(`mail_plugins = antispam\n${line}`)).join(), /does not know antispam_backend/);
  });

  it('a setting of a plugin that a database may load for a user is refused as before', () => {
    const conf = '/etc/dovecot/sql.conf';
    const block = (type: string) => `${type} {\n  driver = sql\n  args = ${conf}\n}\n`;
    const files = {
      [ROOT]: `${block('passdb')}${block('userdb')}plugin {\n  mail_replica = tcp:x\n}\n`,
      [conf]: 'driver = sqlite\nconnect = /x\nuser_query = SELECT mail_plugins FROM m\n',
    };
    assert.match(problemsOf(convertDovecot(loadDovecot(files, ROOT), '2.4.1')).join(), /does not know mail_replica/);
  });

  it('a column that 2.4 would take for a block gets another name', () => {
    const conf = '/etc/dovecot/sql.conf';
    const block = (type: string) => `${type} {\n  driver = sql\n  args = ${conf}\n}\n`;
    const query = 'driver = sqlite\nconnect = /x\nuser_query = SELECT maildir, 1 AS uid FROM m\n';
    const files = { [ROOT]: block('passdb') + block('userdb'), [conf]: query };
    const { files: now } = convertDovecot(loadDovecot(files, ROOT), '2.4.1');
    assert.match(now[conf] ?? '', /SELECT maildir AS old_maildir, 1 AS uid FROM m/);
  });

  it('on 2.4.5 no mail gets a keyword of attachments, and an index outside of sdbox is found', () => {
    const text = 'mail_location = sdbox:~/sdbox:INDEX=/srv/index/%u\n';
    assert.match(of(text, '2.4.5').files[ROOT] ?? '', /^mail_attachment_detection_options =$/m);
    assert.match(of(text, '2.4.5').files[ROOT] ?? '', /^mailbox_directory_name_legacy = yes$/m);
    assert.doesNotMatch(of(text, '2.4.1').files[ROOT] ?? '', /detection_options/);
  });

  it('each private key of mail_crypt keeps a block of its own', () => {
    const { files } = of(
      'plugin {\n  mail_crypt_global_private_key = </a\n  mail_crypt_global_private_key2 = </b\n}\n',
    );
    assert.match(files[ROOT] ?? '', /private_key main \{[^}]*= \/a\n[^]*private_key key2 \{[^}]*= \/b\n/);
  });
});

describe('convert: rules', () => {
  it('each name in a place has one rule', () => {
    const names = CONVERSION_RULES.map(({ place, old }) => `${place} ${old}`);
    assert.deepEqual(names, [...new Set(names)]);
  });

  it('each plain renaming leads to a setting that Dovecot 2.4 knows', () => {
    for (const { place, now, by, old } of CONVERSION_RULES) {
      if (by === undefined && (place === 'global' || place === 'plugin')) assert.ok(KNOWN.has(now), `${old} → ${now}`);
    }
  });
});

describe('convert: variables', () => {
  const rows: [string, string, string | null][] = [
    ['mail_home', '/home/%u', '/home/%{user}'],
    ['mail_home', '/srv/%Ld/%Ln', '/srv/%{user | domain | lower}/%{user | username | lower}'],
    ['mail_home', '%1Mu/%2.1Mu', '%{user | md5 | hexlify | substr(0, 1)}/%{user | md5 | hexlify | substr(2, 1)}'],
    ['mail_home', '%{domain}%{rip}%{userdb:x}', '%{user | domain}%{remote_ip}%{userdb:x}'],
    ['mail_home', '%{user | lower}', '%{user | lower}'],
    ['mail_home', '50%%', '50%'],
    ['mail_home', '%%d%%{x}', "%{literal('%')}d%{literal('%')}{x}"],
    ['mail_home', '%Hu', null],
    ['mail_home', '%{if;%d;ne;;a;b}', null],
    ['mail_home', '%', null],
    ['log_timestamp', '%Y-%m-%d', '%Y-%m-%d'],
    ['pop3_logout_format', '%t %u', '%{top_count} %{uidl_change}'],
    ['login_log_format', '%$: %s', '%{message}: %{elements}'],
    ['pop3_uidl_format', '%08Xu%08Xv', '%{uid | hex(8)}%{uidvalidity | hex(8)}'],
  ];
  for (const [setting, old, now] of rows) {
    it(`${setting} = ${old} ${now === null ? 'is not converted' : `becomes ${now}`}`, () => {
      const converted = convertVariables(old, setting);
      if (now === null) assert.notEqual(typeof converted, 'string');
      else assert.equal(converted, now);
    });
  }

  it('%%h becomes the home of the owner in a shared mailbox only', () => {
    assert.equal(convertVariables('%%h/M/%u', 'mail_path', { shared: true }), '%{owner_home}/M/%{user}');
    assert.equal(convertVariables('%%h', 'mail_path'), "%{literal('%')}h");
  });
});

/** Lines that are comments, trimmed. */
function comments(bytes: string): string[] {
  return bytes
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('#'));
}

/** As much of `wanted` as can be found in the comments of `bytes` in its order. */
function matched(bytes: string, wanted: readonly string[]): string[] {
  const found: string[] = [];
  for (const line of comments(bytes)) if (line === wanted[found.length]) found.push(line);
  return found;
}
