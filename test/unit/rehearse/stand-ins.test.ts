import assert from 'node:assert/strict';
import { SNI_MAP_HEAD } from '../../../src/model/sni-map.ts';
import { cluesOf, withStandIns, type Clues } from '../../../src/rehearse/stand-ins.ts';

const SECRET = 'hunter2-xyzzy';
const NOTHING: Clues = {
  stock: new Set(),
  secretPaths: new Set(),
  tables: new Set(['clients.cidr', 'relay', 'sasl_passwd']),
  read: new Set(),
};

const replaced = (path: string, bytes: string, mode = '644', clues = NOTHING): string =>
  withStandIns({ path, mode, bytes, pristine: false }, clues).bytes;

/** File, mode, and a text with the secret in it. */
const PLACES: readonly (readonly [string, string, string])[] = [
  ['/etc/postfix/main.cf', '644', `smtp_sasl_password_maps = static:relay:${SECRET}\n`],
  ['/etc/postfix/main.cf', '644', `alias_maps = hash:/etc/aliases, inline:{ a=${SECRET} }\n`.replace('alias_maps', 'smtp_sasl_password_maps')], // oxfmt-ignore
  ['/etc/postfix/main.cf', '644', `lookup_password =\n  ${SECRET}\n`],
  ['/etc/postfix/main.cf', '644', `# the relay's login is mail and ${SECRET}\n`],
  [
    '/etc/postfix/master.cf',
    '644',
    `filter unix - n n - - pipe\n  user=mail argv=/usr/local/bin/filter -p ${SECRET} \${sender}\n`,
  ],
  ['/etc/postfix/master.cf', '644', `x unix - n n - - pipe\n  user=mail argv=/usr/bin/x --token=${SECRET}\n`],
  ['/etc/dovecot/dovecot-sql.conf.ext', '600', `connect = host=db user=mail password=${SECRET}\n`],
  ['/etc/dovecot/dovecot-sql.conf.ext', '600', `connect = postgresql://mail:${SECRET}@db/mail\n`],
  ['/etc/dovecot/dovecot-sql.conf.ext', '600', `password_query = SELECT AES_DECRYPT(password, '${SECRET}') FROM users\n`], // oxfmt-ignore
  ['/etc/postfix/harden-mail-sni', '644', `mx.test ${SECRET}\n`],
  ['/etc/dovecot/dovecot-ldap.conf.ext', '600', `dnpass = ${SECRET}\n`],
  ['/etc/dovecot/dovecot-ldap.conf.ext', '644', `no_name_that_we_know = ${SECRET}\n`],
  ['/etc/dovecot/conf.d/99-own.conf', '644', `doveadm_password = ${SECRET}\n`],
  ['/etc/dovecot/conf.d/99-own.conf', '644', `ssl = yes # was ${SECRET}\n`],
  ['/etc/dovecot/users', '644', `anna:{PLAIN}${SECRET}:5000:5000::/var/vmail/anna::\n`],
  ['/etc/dovecot/users', '644', `anna:${SECRET}\n`],
  ['/etc/dovecot/users', '644', `anna:x:5000:5000:${SECRET}:/var/vmail/anna::pass=${SECRET}\n`],
  ['/etc/dovecot/login.lua', '644', `local password = "${SECRET}"\n`],
  ['/etc/postfix/sasl_passwd', '644', `[relay.test]:587 user:${SECRET}\n`],
  ['/etc/postfix/relay', '640', `relay.test user:${SECRET}\n`],
  ['/etc/postfix/mysql-virtual.cf', '640', `hosts = db\nuser = mail\npassword = ${SECRET}\n`],
  ['/etc/postfix/sasl/smtpd.conf', '644', `pwcheck_method: auxprop\nsql_passwd: ${SECRET}\n`],
  ['/etc/default/postfix', '644', `export RELAY_TOKEN_OF_MINE=${SECRET}\n`],
  ['/etc/default/postfix', '644', `ANYTHING=${SECRET}\n`],
  ['/etc/systemd/system/dovecot.service.d/x.conf', '644', `[Service]\nEnvironment=DB=${SECRET}\n`],
  ['/etc/aliases', '644', `list: "|/usr/local/bin/post ${SECRET}"\n`],
  ['/etc/pam.d/dovecot', '644', `auth required pam_mysql.so user=mail passwd=${SECRET}\n`],
  ['/srv/some/file', '644', `${SECRET}\n`.replace('\n', ' \n')],
];

describe('rehearse: stand-ins', () => {
  for (const [path, mode, text] of PLACES)
    it(`${path} of mode ${mode} is written without the secret of ${JSON.stringify(text.replaceAll(SECRET, '…'))}`, () => {
      const once = replaced(path, text, mode);
      assert.ok(!once.includes(SECRET), once);
      assert.equal(replaced(path, once, mode), once, 'the same again changes nothing');
      assert.equal(once.split('\n').length, text.split('\n').length);
    });

  it('what says no secret stays byte for byte', () => {
    const kept: readonly (readonly [string, string])[] = [
      [
        '/etc/postfix/main.cf',
        'smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\nmyhostname = mx.example.test\n',
      ],
      ['/etc/postfix/main.cf', 'transport_maps = inline:{ a.test=smtp:[10.0.0.1], b.test=error:no }\n'],
      [
        '/etc/postfix/master.cf',
        'dovecot unix - n n - - pipe\n  flags=DRhu user=vmail argv=/usr/lib/dovecot/deliver -f ${sender} -d ${recipient}\n',
      ],
      [
        '/etc/postfix/harden-mail-sni',
        `${SNI_MAP_HEAD}mx.test /etc/letsencrypt/live/mx/privkey.pem, /etc/ssl/mx.pem\n`,
      ],
      ['/etc/postfix/main.cf', 'tls_server_sni_maps = inline:{{a.test = /etc/ssl/a.key, /etc/ssl/a.pem}}\n'],
      ['/etc/postfix/clients.cidr', 'fd99::/64  REJECT not from here\n10.0.0.0/8 OK\n'],
      [
        '/etc/dovecot/conf.d/10-auth.conf',
        'auth_mechanisms = plain login\nssl_key = </etc/ssl/private/a.key\n#auth_realms =\n',
      ],
      ['/etc/dovecot/dovecot-sql.conf.ext', "driver = mysql\npassword_query = SELECT a FROM b \\\n  WHERE c = '%u'\n"],
      ['/etc/dovecot/dh.pem', '-----BEGIN DH PARAMETERS-----\nMIIB\n-----END DH PARAMETERS-----\n'],
      ['/etc/dovecot/sieve/before.sieve', 'require "fileinto";\nif header :is "X" "y" { fileinto "Junk"; }\n'],
      ['/etc/aliases', 'postmaster: root\nroot: anna@example.test\n'],
    ];
    for (const [path, text] of kept) assert.equal(replaced(path, text), text);
  });

  it('a comment of the packages stays, and so does the whole of a file that the package wrote', () => {
    const stock = '# The passwords are in sasl_passwd';
    const clues = cluesOf({ files: [], stock: [stock], read: [] });
    assert.equal(replaced('/etc/postfix/main.cf', `${stock}\n`, '644', clues), `${stock}\n`);
    const file = { path: '/etc/dovecot/x.conf', mode: '600', bytes: 'password = x\n', pristine: true };
    assert.deepEqual(withStandIns(file, clues), { bytes: 'password = x\n', replaced: false });
  });

  it('a file of a kind that nothing names is replaced line by line', () => {
    assert.equal(replaced('/etc/postfix/notes', 'one two\nthree\n'), 'one rehearsal:rehearsal\n\n');
  });

  it('a table is secret when a setting for passwords names it, whatever its own name and mode', () => {
    const main =
      'smtp_sasl_password_maps = hash:/etc/postfix/isp\nvirtual_alias_maps = hash:$config_directory/virtual\n';
    const clues = cluesOf({
      files: [{ path: '/etc/postfix/main.cf', mode: '644', owner: 'root:root', bytes: main, pristine: false }],
      stock: [],
      read: [],
    });
    assert.equal(
      replaced('/etc/postfix/isp', `isp.test me:${SECRET}\n`, '644', clues),
      'isp.test rehearsal:rehearsal\n',
    );
    assert.equal(replaced('/etc/postfix/virtual', 'a@b.test anna\n', '644', clues), 'a@b.test anna\n');
  });
});
