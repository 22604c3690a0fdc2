/** `doctor` names each step of the way, and what is in the way of an apply with the fix; it writes nothing. */
import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { must } from '../../src/lab/programs.ts';
import { hardenMail, scratch, to, withOption } from '../support/cli.ts';
import { mark, writtenSince } from '../support/host.ts';

interface Told {
  readonly check: string;
  readonly status: string;
  readonly text: string;
  readonly hint: string;
  readonly seconds: number;
}

describe('doctor', () => {
  let host: LabHost;
  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true, users: [{ name: 'ops', sudo: 'passwordless' }] });
  });
  after(() => host?.stop());

  async function examine(args: readonly string[]): Promise<{ code: number; told: readonly Told[] }> {
    const { code, stdout } = await hardenMail(['doctor', '--json', ...args]);
    const { hosts } = JSON.parse(stdout) as { hosts: { diagnoses: Told[] }[] };
    return { code, told: hosts[0]?.diagnoses ?? [] };
  }

  it('lists every step with its time on a host without faults, and writes nothing', async () => {
    await mark(host);
    const { code, stdout } = await hardenMail(['doctor', ...to(host, 'ops')]);
    assert.equal(code, 0, stdout);
    const steps = [...stdout.matchAll(/^ {2}✔ ([a-z ]*\S) +\d+\.\d\d s {2}\S/gm)].map(([, check]) => check);
    const way = ['settings', 'reach', 'host key', 'login', 'root'];
    assert.deepEqual(steps, [
      ...way,
      'files',
      'release',
      'clock',
      'transaction',
      'domain',
      'plan',
      'config',
      'certificate',
      'dangers',
    ]);
    assert.match(stdout, /ssh-ed25519 SHA256:/);
    assert.match(stdout, /ops, by key \S+/);
    assert.match(stdout, /✔ root .* sudo$/m);
    assert.match(stdout, /Debian GNU\/Linux 12 \(bookworm\) · Postfix 3\.7\.\d+ · Dovecot 2\.3/);
    assert.match(stdout, /ok: nothing is in the way of an apply\. Nothing was written\.\n$/);
    assert.deepEqual(await writtenSince(host, '/etc', '/var/lib', '/root', '/srv'), []);
  });

  it('checks each hop of a connection through a jump host separately', async () => {
    const jump = ['-J', `root@${host.address}`];
    const config = scratch('config', `IdentityFile ${host.identity}\nUserKnownHostsFile ${host.knownHosts}\n`);
    const { told } = await examine([...to(host, 'ops').slice(0, -1), config, ...jump]);
    const text = JSON.stringify(told, null, 1);
    assert.deepEqual(told.slice(0, 8).map(({ check }) => check).sort(), ['host key', 'host key', 'login', 'login', 'reach', 'reach', 'settings', 'settings'], text); // oxfmt-ignore
    assert.match(told[5]?.text ?? '', /, through .*:22/, text);
  });

  const elsewhere = async (): Promise<string> => {
    const file = scratch('stranger');
    await must('sh', ['-c', 'rm "$1"; ssh-keygen -q -t ed25519 -N "" -f "$1"', 'sh', file]);
    return file;
  };
  const ways: [what: string, flags: () => Promise<readonly string[]>, check: string, exit: number, hint: RegExp][] = [
    ['nothing listens on the port', async () => [...to(host), '--port', '2222'], 'connect', 4, /sshd running/],
    [
      'the name is unknown',
      async () => ['--host', 'no-such-host.invalid', '--ssh-config', 'none'],
      'connect',
      4,
      /DNS/,
    ],
    ['the host key is unknown', async () => withOption(to(host), '--known-hosts', scratch('none')), 'host key', 4, /--accept-new-host-keys/], // oxfmt-ignore
    [
      'the key is not accepted',
      async () => withOption(to(host), '--identity', await elsewhere()),
      'login',
      4,
      /ssh-copy-id/,
    ],
  ];
  for (const [what, flags, check, exit, hint] of ways) {
    it(`names the step that fails, and the fix, when ${what}`, async () => {
      const { code, told } = await examine(await flags());
      const last = told.at(-1);
      assert.deepEqual([last?.check, last?.status], [check, 'fail']);
      assert.match(last?.hint ?? '', hint);
      assert.equal(code, exit);
      assert.ok(told.slice(0, -1).every(({ status }) => status === 'ok'));
    });
  }

  const faults: [what: string, spoil: string, mend: string, check: string, says: RegExp, hint: RegExp][] = [
    [
      '/etc is mounted read-only',
      'mount --bind /etc /etc; mount -o remount,bind,ro /etc',
      'umount /etc',
      'host',
      /\/etc is mounted read-only/,
      /remount/,
    ],
    [
      'dovecot.conf has a syntax error',
      "cp -a /etc/dovecot/dovecot.conf /root/saved; echo 'service auth {' >>/etc/dovecot/dovecot.conf",
      'cp -a /root/saved /etc/dovecot/dovecot.conf',
      'config',
      /dovecot\.conf/,
      /./,
    ],
    [
      'another program holds port 80',
      `systemd-run -q --unit=web --property=Type=exec python3 -m http.server 80; for i in 1 2 3 4 5 6 7 8 9; do ss -Hltn 'sport = :80' | grep -q . && break; sleep 0.3; done`,
      'systemctl stop web',
      'certificate',
      /port 80 .* is held by python3/,
      /--webroot .*, or stop it/,
    ],
    [
      'myhostname is not a full domain name',
      'cp -a /etc/postfix/main.cf /root/saved; postconf -e myhostname=mx1',
      'cp -a /root/saved /etc/postfix/main.cf',
      'domain',
      /not a full domain name/,
      /--domain/,
    ],
    [
      'another program holds the lock of apt',
      `systemd-run -q --unit=apt-busy --property=Type=exec python3 -c 'import fcntl,time; f=open("/var/lib/dpkg/lock-frontend","w"); fcntl.lockf(f,fcntl.LOCK_EX); time.sleep(99)'; sleep 1`,
      'systemctl stop apt-busy',
      'host',
      /apt is in use by python3/,
      /Wait/,
    ],
  ];
  for (const [what, spoil, mend, check, says, hint] of faults) {
    it(`names the fault and the fix, and still runs the other checks, when ${what}`, async () => {
      await host.run(spoil);
      try {
        const { code, told } = await examine(to(host));
        const bad = told.filter(({ status }) => status === 'fail');
        assert.deepEqual(bad.map((one) => one.check), [check], JSON.stringify(told, null, 1)); // oxfmt-ignore
        assert.match(bad[0]?.text ?? '', says);
        assert.match(bad[0]?.hint ?? '', hint);
        assert.equal(code, 1);
        assert.ok(told.some((one) => one.check === 'release'));
      } finally {
        await host.run(mend);
      }
    });
  }
});
