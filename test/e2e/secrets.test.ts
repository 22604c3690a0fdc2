/**
 * What is secret stays so: twenty-four secrets on the host and on this side, every command, and none of them in any output,
 * log or process list. On the same host somebody tries to draw on the terminal of whoever looks.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { must } from '../../src/lab/programs.ts';
import { issuedBy, scratch, startInTerminal, hardenMail } from '../support/cli.ts';
import type { Environment, Outcome } from '../support/cli.ts';
import { OBEYED } from '../support/tricks.ts';

/** As long as a real one, and each to be found in any text. */
const secret = (number: number): string => `S3kr3t-${String(number).padStart(2, '0')}-vnQx71`;
const ALL = Array.from({ length: 24 }, (_, at) => secret(at + 1));
/** Stands in the process list on purpose: it shows that who looks there sees something. */
const SEEN = 'S3kr3t-seen-vnQx71';
const [SUDO, PASSPHRASE, PROBE] = [secret(1), secret(2), secret(3)];

const SQL = `driver = mysql
connect = host=/run/mysqld/mysqld.sock dbname=mail user=mail password=${secret(4)}
default_pass_scheme = SHA512-CRYPT
password_query = SELECT username AS user, password FROM users WHERE username = '%u'
`;
const LDAP = `uris = ldap://reader:${secret(5)}@ldap.example.test
dn = cn=reader,dc=example,dc=test
dnpass = ${secret(6)}
base = dc=example,dc=test
auth_bind = yes
`;
const INCLUDED = `doveadm_password = ${secret(7)}
doveadm_api_key = ${secret(8)}
imapc_password = ${secret(9)}
pop3c_password = ${secret(23)}
submission_relay_password = ${secret(24)}
auth_mechanisms = plain
#oauth2_client_secret = ${secret(10)}
# push_token = ${secret(11)}
`;
/** Each below a line that apply changes, so that the diff shows it. */
const MAIN: Readonly<Record<string, string>> = {
  smtpd_tls_cert_file: `smtp_sasl_password_maps = static:relay:${secret(12)}\n# relay_password = ${secret(13)}`,
  smtpd_tls_key_file: `ldapusers_bind_pw = ${secret(14)}\nlookup_password =\n  ${secret(15)}`,
  smtpd_tls_security_level: `alias_maps = hash:/etc/aliases, inline:{ a@b.test=${secret(16)} }`,
};
const MASTER = `  -o smtp_sasl_password_maps=inline:{relay=user:${secret(17)}}\n`;
const TERMINAL = '\u001b]0;pwned\u0007\u009b31m\u202e';

describe('a host with secrets in its files', () => {
  let host: LabHost;
  let flags: string[];
  let key: string;
  const said: string[] = [];

  before(async () => {
    host = await lab.host({
      release: 'bookworm',
      mail: true,
      users: [{ name: 'ops', sudo: 'password', password: SUDO }, { name: 'carol', password: PROBE }], // oxfmt-ignore
    });
    key = scratch('locked');
    await must('sh', ['-c', 'rm "$1"; ssh-keygen -q -t ed25519 -a 1 -N "$2" -f "$1"', 'sh', key, PASSPHRASE]);
    await host.run('cat >>/home/ops/.ssh/authorized_keys', { input: await must('cat', [`${key}.pub`]) });
    await host.write('/etc/dovecot/conf.d/99-own.conf', INCLUDED);
    await host.write('/etc/dovecot/dovecot-sql.conf.ext', SQL, '0600');
    await host.write('/etc/dovecot/dovecot-ldap.conf.ext', LDAP, '0600');
    await host.write('/etc/postfix/virtual.cf', `user = mail\npassword = ${secret(18)}\n`, '0640');
    await host.write('/etc/postfix/sasl_passwd', `[relay.test] user:${secret(19)}\n`, '0600');
    await host.run("sed -i '/^alias_maps/d' /etc/postfix/main.cf");
    for (const [setting, text] of Object.entries(MAIN))
      await insert(`^${setting}`, `${text}\n`, '/etc/postfix/main.cf');
    await insert('^smtp  *inet', MASTER, '/etc/postfix/master.cf');
    await host.run('cat >>/etc/postfix/main.cf', { input: `# ${TERMINAL}\n` });
    await host.run('cat >>/etc/ssl/private/ssl-cert-snakeoil.key', { input: `${secret(20)}\n` });
    await host.run(
      `sed -i 's/^ssl_cert = /ssl_key_password = ${secret(21)}\\n#auth_master_secret = ${secret(22)}\\n&/' /etc/dovecot/conf.d/10-ssl.conf
      postfix reload; doveadm reload`,
    );
    await host.run('cat >/run/secrets', { input: [...ALL, SEEN].map((one) => `${one}\n`).join('') });
    // What Postfix shows of its files by itself, whoever restarts it: an unused parameter it logs with its value, and what
    // stands behind -o are a daemon's arguments.
    await host.run('systemctl restart postfix@-; sleep 1');
    const shown = await logged();
    shownByPostfix = ALL.filter((one) => shown.includes(one) || one === secret(17));
    await host.run(`nohup setsid sh -c 'while [ ! -e /run/stop ]; do
      cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | grep -aF -f /run/secrets >>/run/hits; sleep 0.05
    done' >/dev/null 2>&1 </dev/null &`);
    const { knownHosts, address } = host;
    const acme = await issuedBy(await lab.acme());
    const ca = acme.slice(2);
    const where = ['--host', address, '--user', 'ops', '--identity', key, '--known-hosts', knownHosts];
    flags = [...where, '--ssh-config', 'none', '--ask-become-pass'];
    commands = {
      'a dry run': ['apply', '--dry-run', '--json', ...acme],
      apply: ['apply', '--yes', '--debug', '--probe-user', 'carol', ...acme],
      'a second apply': ['apply', '--yes', '--json', ...acme],
      check: ['check', ...ca],
      verify: ['verify', '--json', '--probe-user', 'carol', ...ca],
      history: ['history'],
      'history --json': ['history', '--json'],
      map: ['map'],
      'map --json': ['map', '--json'],
      rollback: ['rollback', '--yes', ...ca],
    };
  });
  after(() => host?.stop());

  async function insert(below: string, input: string, file: string): Promise<void> {
    await host.run(`cat >/run/piece; sed -i '/${below}/r /run/piece' ${file}; rm /run/piece`, { input });
  }

  /** Lines of any log of the host that hold a secret. */
  const logged = (): Promise<string> =>
    host.run(
      `{ journalctl -aq --no-pager -o cat
        find /var/lib/harden-mail -name log -exec cat {} +
        find /var/log -type f ! -name '*.journal' -exec cat {} +
      } 2>/dev/null | grep -aF -f /run/secrets | grep -av ${SEEN} || true`,
    );

  let shownByPostfix: string[] = [];
  let commands: Record<string, string[]> = {};
  const env = { HARDEN_MAIL_PROBE_PASSWORD: PROBE, USER: `ann$(touch /tmp/canary)${TERMINAL}` };

  /** In a terminal, where somebody types the passphrase and sudo's password. */
  async function run(args: readonly string[], more: Environment = {}): Promise<Outcome> {
    const terminal = startInTerminal([...args, ...flags], { ...env, CI: '', TERM: 'dumb', ...more });
    await terminal.said(/Passphrase for .*: $/);
    terminal.type(`${PASSPHRASE}\r`);
    await terminal.said(/sudo's password: $/);
    terminal.type(`${SUDO}\r`);
    const outcome = await terminal.done;
    said.push(outcome.stdout, outcome.stderr);
    return outcome;
  }

  for (const name of [
    'a dry run',
    'apply',
    'a second apply',
    'check',
    'verify',
    'history',
    'history --json',
    'map',
    'map --json',
    'rollback',
  ]) {
    it(`${name} succeeds, shows no secret, and prints nothing that a terminal obeys`, async () => {
      const { code, stdout, stderr } = await run(commands[name] ?? []);
      assert.equal(code, 0, stdout + stderr);
      for (const one of ALL) assert.ok(!(stdout + stderr).includes(one), `${one} in:\n${stdout}\n${stderr}`);
      assert.doesNotMatch(stdout, OBEYED);
      assert.doesNotMatch(stderr.replaceAll('\r\n', '\n').replace(/\u001b\[\?2004[hl]/g, ''), OBEYED);
    });
  }

  it('check --upgrade-to shows no secret in the diff of converted files with database passwords', async () => {
    const database = (driver: string) =>
      `passdb {\n  driver = ${driver}\n  args = /etc/dovecot/dovecot-${driver}.conf.ext\n}\n`;
    await host.write('/etc/dovecot/conf.d/99-databases.conf', database('sql') + database('ldap'));
    for (const format of [[], ['--json']]) {
      const { code, stdout, stderr } = await run(['check', '--upgrade-to', 'trixie', ...format]);
      assert.equal(code, 2, stdout + stderr);
      assert.match(stdout, /dovecot-sql\.conf\.ext/);
      for (const one of ALL) assert.ok(!(stdout + stderr).includes(one), `${one} in:\n${stdout}`);
    }
  });

  it('the diffs show the lines of the secrets, with the secrets masked', () => {
    const all = said.join('\n');
    for (const what of [
      'smtp_sasl_password_maps = ',
      'relay_password = ',
      'bind_pw = ',
      'dnpass|ldap_auth_dn_password',
    ]) {
      assert.match(all, new RegExp(`${what}.*\\*{8}`), what);
    }
  });

  it('no log and no process list of the host has a secret, except those that Postfix itself shows', async () => {
    await host.run(`sh -c ': ${SEEN}; sleep 0.5'`);
    await sleep(200);
    await host.run('touch /run/stop');
    const hidden = ALL.filter((one) => !shownByPostfix.includes(one));
    assert.ok(hidden.length >= 20, `Postfix by itself shows ${shownByPostfix.join(', ')}`);
    const listed = await host.run(`sort -u /run/hits`);
    assert.match(listed, new RegExp(SEEN), 'the process list was not seen');
    const logs = await logged();
    for (const one of hidden) {
      assert.ok(!listed.includes(one), `${one} in the process list:\n${listed}`);
      assert.ok(!logs.includes(one), `${one} in a log:\n${logs}`);
    }
    assert.equal((await host.exec('test -e /tmp/canary')).code, 1);
  });

  it('only root can find the copies of files in the journal', async () => {
    const found = await host.exec(
      'setpriv --reuid nobody --clear-groups find /var/lib/harden-mail /run/harden-mail -type f',
    );
    assert.equal(found.stdout, '');
    assert.match(await host.run('ls /var/lib/harden-mail/tx/*/before/0'), /before/);
  });

  it('a run without a terminal fails and does not wait for an answer', async () => {
    const { code, stderr } = await hardenMail(['check', ...flags], env);
    assert.notEqual(code, 0);
    for (const one of ALL) assert.ok(!stderr.includes(one));
  });
});
