/**
 * A rehearsal of a host with twenty-two secrets: its verdict, then the same on the host itself; and where this machine looks, none
 * of the secrets is there, during it, after it, and after a kill.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { cacheFolder } from '../../src/lab/image.ts';
import { runProgram } from '../../src/lab/programs.ts';
import { hardenMail, issuedBy, scratch, SCRATCH, start, to, trusting } from '../support/cli.ts';

/** The command has another home than this test; the images are the same. */
const CACHE = { HARDEN_MAIL_LAB_CACHE: cacheFolder() };
const RUNS = join(cacheFolder(), 'runs');

const secret = (number: number): string => `Pl4nt3d-${String(number).padStart(2, '0')}-kqWz83`;
const ALL = Array.from({ length: 22 }, (_, at) => secret(at + 1));
const ALICE = { name: 'alice', password: secret(1) };

const MAIN = `smtp_sasl_password_maps = hash:/etc/postfix/isp
virtual_alias_maps = hash:/etc/postfix/virtual
smtp_sasl_mechanism_filter = plain
smtp_sasl_auth_cache_name = static:relay:${secret(2)}
# the login of the relay is mail, ${secret(3)}
smtpd_milters = inet:127.0.0.1:8891
check_token = ${secret(4)}
`;
const MASTER = `spool unix - n n - - pipe
  user=nobody argv=/usr/local/bin/spool --key=${secret(5)} \${recipient}
`;
const DOVECOT = `doveadm_password = ${secret(6)}
imapc_password = "${secret(7)}"
# it was ${secret(8)} before
mail_max_userip_connections = 50 # ${secret(9)}
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
`;
const FILES: Readonly<Record<string, readonly [string, string]>> = {
  '/etc/dovecot/conf.d/99-own.conf': ['0644', DOVECOT],
  '/etc/dovecot/users': ['0640', `anna:{PLAIN}${secret(10)}:1000:1000:${secret(11)}:/home/anna::pass=${secret(12)}\n`],
  '/etc/dovecot/dovecot-sql.conf.ext': ['0600', `driver = sqlite\nconnect = /var/lib/mail.sqlite password=${secret(13)}\npassword_query = SELECT password FROM users\n`], // oxfmt-ignore
  '/etc/dovecot/dovecot-ldap.conf.ext': [
    '0600',
    `uris = ldap://reader:${secret(14)}@ldap.test\ndnpass = ${secret(15)}\n`,
  ],
  '/etc/postfix/isp': ['0600', `[isp.test] me:${secret(16)}\n`],
  '/etc/postfix/virtual': ['0644', 'info@example.test alice\n'],
  '/etc/postfix/virtual-sql.cf': [
    '0640',
    `dbpath = /var/lib/mail.sqlite\nquery = SELECT 1 WHERE 0\npassword = ${secret(17)}\n`,
  ],
  '/etc/default/saslauthd': ['0644', `MY_TOKEN=${secret(18)}\n`],
  '/etc/systemd/system/dovecot.service.d/own.conf': ['0644', `[Service]\nEnvironment=DB_PASSWORD=${secret(19)}\n`],
  '/etc/ssl/private/own.key': ['0600', `# ${secret(20)}\n`],
  '/usr/local/bin/spool': ['0755', `#!/bin/sh\n# ${secret(21)}\n`],
};

describe('harden-mail rehearse', () => {
  let host: LabHost;
  let flags: string[];
  let pattern: string;

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true, also: ['postfix-sqlite'], users: [ALICE] });
    await host.run('apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install postfix-sqlite');
    await host.write('/root/milter.pl', readFileSync(new URL('../../src/rehearse/stubs.pl', import.meta.url)));
    for (const [path, [mode, text]] of Object.entries(FILES)) await host.write(path, text, mode);
    await host.run('cat >>/etc/postfix/main.cf; postmap /etc/postfix/isp /etc/postfix/virtual', { input: MAIN });
    await host.run('cat >>/etc/postfix/master.cf', { input: MASTER });
    await host.run(`cat >>/etc/aliases; newaliases`, { input: `list: "|/usr/local/bin/spool ${secret(22)}"\n` });
    // A key of the host: its bytes count as a secret too, by its last line but one.
    await host.run(
      `openssl req -x509 -newkey rsa:2048 -nodes -days 300 -subj "/CN=$(hostname -f)" -addext "subjectAltName=DNS:$(hostname -f)" -keyout /tmp/k -out /etc/ssl/own.pem 2>/dev/null
      cat /tmp/k >>/etc/ssl/private/own.key; rm /tmp/k
      postconf -e smtpd_tls_cert_file=/etc/ssl/own.pem smtpd_tls_key_file=/etc/ssl/private/own.key
      systemd-run -q --unit filter perl /root/milter.pl milter opendkim 127.0.0.1:8891
      systemctl daemon-reload; systemctl restart postfix dovecot`,
    );
    const key = (await host.run('tail -n 3 /etc/ssl/private/own.key | head -n 1')).trim();
    pattern = scratch('secrets', [...ALL, key].map((one) => `${one}\n`).join(''));
    flags = [...to(host), ...(await trusting(await lab.acme()))];
  });
  after(() => host?.stop());

  /** The folders of the copies of this test, as long as they exist. */
  const runs = new Set<string>();

  /** Places on this machine, apart from the host itself and this test, that hold a secret. */
  async function places(): Promise<string[]> {
    for (const pid of copiers()) runs.add(join(RUNS, String(pid)));
    const own = [...runs].filter((folder) => existsSync(folder));
    const grep = ['-type', 'f', '-newer', pattern, '!', '-name', '*-secrets', '-exec', 'grep', '-laF', '-f', pattern, '{}', '+']; // oxfmt-ignore
    const shared = ['/tmp', '/var/tmp', '/var/log', '/run/harden-mail-lab', '-maxdepth', '2'];
    const searches = [shared, [SCRATCH], ...(own.length > 0 ? [own] : [])];
    const found = await Promise.all(searches.map((where) => runProgram('find', [...where, ...grep])));
    const files = found.flatMap(({ stdout }) => stdout.toString().split('\n').filter(Boolean));
    return [...files, ...processes()];
  }

  /** Processes that are not the host's own with a secret in their arguments or environment. */
  function processes(): string[] {
    const secrets = readFileSync(pattern, 'utf8').split('\n').filter(Boolean);
    const read = (path: string): string => {
      try {
        return readFileSync(path, 'latin1');
      } catch {
        return '';
      }
    };
    return readdirSync('/proc')
      .filter((pid) => /^\d+$/.test(pid) && !read(`/proc/${pid}/cgroup`).includes(host.namespace))
      .filter((pid) => {
        const shown = read(`/proc/${pid}/cmdline`) + read(`/proc/${pid}/environ`);
        return secrets.some((one) => shown.includes(one));
      });
  }

  /** The rehearsals of this test that have a lab now. */
  function copiers(): number[] {
    return readdirSync('/run/harden-mail-lab')
      .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
      .filter(
        (pid) =>
          existsSync(`/proc/${pid}`) &&
          new RegExp(`^PPid:\t${process.pid}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'latin1')),
      ) // oxfmt-ignore
      .map(Number);
  }

  it('a good host is called good, with a timeline, and no secret of it is anywhere on this machine meanwhile', async () => {
    const state = await host.state();
    const running = start(['rehearse', ...flags, '--json'], CACHE);
    let ended = false;
    void running.done.then(() => (ended = true));
    const seen = new Set<string>();
    while (!ended) {
      for (const place of await places()) seen.add(place);
      await sleep(700);
    }
    const { code, stdout, stderr } = await running.done;
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual([...seen, ...(await places())], []);
    for (const one of ALL) assert.ok(!(stdout + stderr).includes(one), one);
    const { rehearsal } = (JSON.parse(stdout) as { hosts: { rehearsal: { acts: { name: string }[]; sameDiff: boolean; unrehearsed: string[]; differences: string[] } }[] }).hosts[0]!; // oxfmt-ignore
    assert.deepEqual(rehearsal.acts.map(({ name }) => name), ['as it is', 'apply', 'verify', 'rollback']); // oxfmt-ignore
    assert.equal(rehearsal.sameDiff, true);
    assert.ok(rehearsal.unrehearsed.some((text) => /milter at 127\.0\.0\.1:8891 \(opendkim\)/.test(text)), rehearsal.unrehearsed.join('\n')); // oxfmt-ignore
    assert.ok(rehearsal.differences.some((text) => text.startsWith('/etc/dovecot/users: ')));
    assert.deepEqual(await host.state(), state, 'nothing is written on the host');
  });

  if (process.env['HARDEN_MAIL_REHEARSE'] !== 'all') return;

  it('what was rehearsed then happens to the host itself', async () => {
    const authority = await issuedBy(await lab.acme());
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...to(host), ...authority]);
    assert.equal(code, 0, stdout + stderr);
    const back = await hardenMail(['rollback', '--yes', ...flags]);
    assert.equal(back.code, 0, back.stdout + back.stderr);
  });

  it('a host with another program on port 465 is called bad, with the program', async () => {
    await host.run('systemd-run -q --unit other python3 -m http.server 465; sleep 1');
    const { code, stdout } = await hardenMail(['rehearse', ...flags], CACHE);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /port 465 is held by python3/);
    await host.run('systemctl stop other');
  });

  it('--keep leaves the copy, without a secret, until the line that removes it is run', async () => {
    const running = start(['rehearse', ...flags, '--keep'], CACHE);
    const said = await running.printed(/Nothing was written on the host/);
    const [copier = 0] = copiers();
    assert.deepEqual(await places(), []);
    const [, login = ''] = /^ +(ssh -i .*)$/m.exec(said) ?? [];
    const inside = await runProgram('sh', ['-c', `${login} hostname -f`]);
    assert.equal(inside.stdout.toString(), await host.run('hostname -f'), inside.stderr.toString());
    const [, remove = ''] = /^ +To remove it: Ctrl-C here, or (kill \d+)$/m.exec(said) ?? [];
    assert.equal(remove, `kill ${copier}`);
    await runProgram('sh', ['-c', remove]);
    assert.equal((await running.done).code, 143);
    assert.ok(!existsSync(`/run/harden-mail-lab/${copier}.json`) && !existsSync(join(RUNS, String(copier))));
  });

  it('after a kill nothing secret is left, and the next start removes the copy', async () => {
    const killed = start(['rehearse', ...flags], CACHE);
    await killed.said(/: apply$/m);
    const [copier = 0] = copiers();
    killed.signal('SIGKILL');
    await killed.done;
    const run = (pid: number) => join(RUNS, String(pid));
    assert.ok(existsSync(`/run/harden-mail-lab/${copier}.json`) && existsSync(run(copier)));
    assert.deepEqual(await places(), []);
    const next = start(['rehearse', ...flags], CACHE);
    await next.said(/: as it is$/m);
    assert.ok(!existsSync(`/run/harden-mail-lab/${copier}.json`) && !existsSync(run(copier)), 'the killed run is gone');
    const [latter = 0] = copiers();
    assert.ok(existsSync(run(latter)));
    next.signal('SIGINT');
    assert.equal((await next.done).code, 130);
    assert.ok(
      !existsSync(`/run/harden-mail-lab/${latter}.json`) && !existsSync(run(latter)),
      'Ctrl-C removes the copy',
    );
  });
});
