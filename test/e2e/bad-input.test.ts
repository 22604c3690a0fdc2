/** What cannot work ends with one line that says what is wrong and one that says what to do, and nothing is written. */

import assert from 'node:assert/strict';
import { lab } from '../lab/lab.ts';
import type { Acme, LabHost, State } from '../lab/lab.ts';
import { must } from '../lab/sh.ts';
import { credentials, hardenMail, issuedBy, scratch, start, startInTerminal, to } from './cli.ts';
import type { Outcome } from './cli.ts';
import { assertTidy } from './host.ts';

interface Bad {
  readonly what: string;
  readonly exit: number;
  /** What the line must say, and what the line after it. */
  readonly says: RegExp;
  readonly todo: RegExp;
  /** Shell, run on the host beforehand, and to put it right again. */
  readonly spoil?: string;
  readonly mend?: string;
  /** What is given beside, or in place of, `apply --yes --host …`. */
  readonly flags?: (host: LabHost, acme: Acme) => readonly string[] | Promise<readonly string[]>;
}

const ON_THE_WAY: readonly Bad[] = [
  {
    what: 'an unknown host',
    exit: 4,
    says: /^no-such-host\.invalid:22: the name does not resolve/,
    todo: /spelling|address/,
    flags: (host) => ['apply', '--yes', '--host', 'no-such-host.invalid', ...credentials(host)],
  },
  {
    what: 'a port where nothing listens',
    exit: 4,
    says: /:2222: the connection was refused/,
    todo: /--port/,
    flags: (host) => ['apply', '--yes', ...to(host), '--port', '2222'],
  },
  {
    what: 'a key that the host does not know',
    exit: 4,
    says: /root was not let in; tried key \S+-key; the host accepts publickey/,
    todo: /--user and --identity/,
    flags: async ({ address, knownHosts }) => {
      const identity = scratch('key');
      await must('sh', ['-c', 'rm "$1"; ssh-keygen -q -t ed25519 -N "" -f "$1"', 'sh', identity]);
      return ['apply', '--yes', '--host', address, '--user', 'root', ...credentials({ identity, knownHosts })];
    },
  },
  {
    what: 'a user who is neither root nor may become it',
    exit: 1,
    says: /mallory cannot become root|sudo wants a password/,
    todo: /--user root|sudo|--ask-become-pass/,
    flags: (host) => ['apply', '--yes', ...to(host, 'mallory')],
  },
  {
    what: 'nobody to ask',
    exit: 3,
    says: /no terminal to ask on/,
    todo: /--yes|--dry-run/,
    flags: (host) => ['apply', ...to(host)],
  },
  {
    what: 'an inventory that is no JSON',
    exit: 3,
    says: /hosts\.json:2:25: /,
    todo: /Mend the JSON/,
    flags: () => ['apply', '--yes', '--inventory', scratch('hosts.json', '{\n  "hosts": { "mx1": {}, }\n')],
  },
  {
    what: 'an inventory with a setting that does not exist',
    exit: 3,
    says: /hosts\.json:1:\d+: hosts\.mx1\.prot: there is no such setting$/,
    todo: /inventory\.example\.json/,
    flags: () => ['apply', '--yes', '--inventory', scratch('hosts.json', '{ "hosts": { "mx1": { "prot": 22 } } }')],
  },
  {
    what: 'a port number that is none',
    exit: 3,
    says: /hosts\.json:1:\d+: hosts\.mx1\.port: .*65535$/,
    todo: /inventory\.example\.json/,
    flags: () => ['apply', '--yes', '--inventory', scratch('hosts.json', '{ "hosts": { "mx1": { "port": 70000 } } }')],
  },
];

const ON_THE_HOST: readonly Bad[] = [
  {
    what: 'another system',
    exit: 1,
    says: /runs Fedora Linux 41, not Debian or Ubuntu/,
    todo: /Nothing was written/,
    spoil: `rm /etc/os-release; printf 'ID=fedora\\nPRETTY_NAME="Fedora Linux 41"\\n' >/etc/os-release`,
    mend: 'ln -sf ../usr/lib/os-release /etc/os-release',
  },
  ...(
    [
      ['main.cf', '/etc/postfix/main.cf', 'this is no setting'],
      ['master.cf', '/etc/postfix/master.cf', 'smtp telnet n - y - - smtpd'],
      ['Dovecot', '/etc/dovecot/conf.d/10-auth.conf', 'service auth {'],
    ] as const
  ).map(([name, path, line]): Bad => ({
    what: `a syntax error in ${name}`,
    exit: 1,
    says: new RegExp(`${path}:\\d+:(\\d+:)? `),
    todo: new RegExp(`Mend line \\d+ of ${path}`),
    spoil: `cp -a ${path} /root/saved; echo '${line}' >>${path}`,
    mend: `mv /root/saved ${path}`,
  })),
  {
    what: 'a domain that leads elsewhere',
    exit: 1,
    says: /elsewhere\.test resolves to 198\.18\.0\.250, which is not /,
    todo: /A or AAAA record|--domain/,
    flags: async (host, acme) => {
      await acme.setA('elsewhere.test', '198.18.0.250');
      return ['apply', '--yes', ...to(host), '--domain', 'elsewhere.test', ...(await issuedBy(acme))];
    },
  },
  {
    what: 'a domain that leads nowhere',
    exit: 1,
    says: /nowhere\.test does not resolve to any address/,
    todo: /A or AAAA record|--domain/,
    flags: async (host, acme) => ['apply', '--yes', ...to(host), '--domain', 'nowhere.test', ...(await issuedBy(acme))],
  },
  {
    what: 'port 80 in other hands',
    exit: 1,
    says: /port 80 on \S+ is held by python3\b/,
    todo: /Stop it/,
    spoil: `systemd-run -q --unit e2e-http python3 -m http.server 80
      until ss -Hltn 'sport = :80' | grep -q .; do sleep 0.05; done`,
    mend: 'systemctl stop e2e-http',
  },
  {
    what: 'apt at work for somebody else',
    exit: 1,
    says: /apt on \S+ is in use by process \d+ \(apt-get\)/,
    todo: /Run again when it is done/,
    // A real apt-get, that holds the real locks for as long as its hook takes.
    spoil: `dpkg --remove certbot >/dev/null 2>&1
      systemd-run -q --unit e2e-apt apt-get -y -o DPkg::Pre-Invoke::='touch /run/e2e-apt; sleep 600; false' install certbot
      until [ -e /run/e2e-apt ]; do sleep 0.05; done`,
    mend: 'systemctl stop e2e-apt; dpkg --configure -a; apt-get -q -y install certbot',
  },
];

const CERTIFICATE: readonly Bad[] = [
  {
    what: 'a certificate authority that is not there',
    exit: 1,
    says: /certbot got no certificate for mx\S+: .*(refused|Connection)/,
    todo: /Mail works as before/,
    flags: (host, acme) => ['apply', '--yes', ...to(host), '--acme-server', acme.directory.replace('14000', '1')],
  },
  {
    what: 'a certificate authority that a firewall keeps out',
    exit: 1,
    says: /certbot got no certificate for mx\S+: .*(refused|Connection|Timeout|Fetching)/,
    todo: /Mail works as before/,
    spoil: `nft add table inet e2e
      nft add chain inet e2e input '{ type filter hook input priority 0; }'
      nft add rule inet e2e input tcp dport 80 reject with tcp reset`,
    mend: 'nft delete table inet e2e',
  },
];

describe('what cannot work', () => {
  let host: LabHost;
  let acme: Acme;
  let flags: string[];

  before(async () => {
    host = await lab.host({ release: 'bookworm', mail: true, users: [{ name: 'mallory', password: 'tops3cret' }] });
    acme = await lab.acme();
    flags = [...to(host), ...(await issuedBy(acme))];
  });
  after(() => host.stop());

  /** certbot keeps its account, and its logs; the daemons' configuration is not touched. */
  const configuration = async (): Promise<State> => {
    const state = Object.entries(await host.state());
    return Object.fromEntries(state.filter(([path]) => !path.startsWith('/etc/letsencrypt')));
  };
  /** A folder's date tells that something was staged in it, and taken away. */
  const files = async (): Promise<State> => {
    const state = Object.entries(await host.state());
    return Object.fromEntries(state.map(([path, of]) => [path, of.type === 'd' ? { ...of, modified: '' } : of]));
  };

  async function tryIt(bad: Bad, look: () => Promise<State>): Promise<void> {
    if (bad.spoil) await host.run(`set -e\n${bad.spoil}`);
    try {
      const args = (await bad.flags?.(host, acme)) ?? ['apply', '--yes', ...flags];
      const before = await look();
      assertFailure(await hardenMail(args), bad);
      assert.deepEqual(await look(), before);
      await assertTidy(host);
    } finally {
      if (bad.mend) await host.run(`set -e\n${bad.mend}`);
    }
  }

  for (const bad of [...ON_THE_WAY, ...ON_THE_HOST]) it(bad.what, () => tryIt(bad, () => host.state()));
  for (const bad of CERTIFICATE) it(bad.what, () => tryIt(bad, configuration));

  it('none of which has begun a transaction', async () => {
    assert.equal((await host.exec('ls /var/lib/harden-mail')).code, 2);
  });

  it('an edit while the question stands: it is shown, and asked again', async () => {
    const before = await configuration();
    const terminal = startInTerminal(['apply', ...flags]);
    await terminal.said(/Apply to \S+\? \[y\/N\]/);
    await host.run("echo '# edited meanwhile' >>/etc/postfix/main.cf");
    terminal.type('y\r');
    await terminal.said(/Apply to [^]*Apply to \S+\? \[y\/N\]/);
    terminal.type('\r');
    const { code, stdout } = await terminal.done;
    assert.equal(code, 0);
    assert.match(stdout, /^ # edited meanwhile$/m);
    assert.match(stdout, /declined: nothing was written\n$/);
    await host.run("sed -i '/^# edited meanwhile$/d' /etc/postfix/main.cf");
    const digests = (state: State) => Object.entries(state).map(([path, { sha256 }]) => `${path} ${sha256}`);
    assert.deepEqual(digests(await configuration()), digests(before));
    assert.match(await host.run('certbot certificates 2>&1'), new RegExp(`Certificate Name: ${host.name}`));
  });

  it('an edit between plan and commit', async () => {
    const terminal = startInTerminal(['apply', ...flags]);
    await terminal.said(/Apply to \S+\? \[y\/N\]/);
    await host.run("echo '# edited meanwhile' >>/etc/postfix/main.cf");
    const before = await host.state();
    terminal.type('y\r');
    assertFailure(await terminal.done, {
      exit: 1,
      says: /\/etc\/postfix\/main\.cf has changed since it was read/,
      todo: /Nothing was written\. Run again/,
    });
    assert.deepEqual(await host.state(), before);
    await assertTidy(host);
  });

  // With the certificate's path in place of theirs, nothing uses their parameter any more, and postconf says so.
  it('files that the daemons’ own checks refuse', () =>
    tryIt(
      {
        what: 'a new warning',
        exit: 1,
        says: /refused the changes \(at validate\): .*unused parameter: tls_folder=/,
        todo: /Nothing was written\. Run again when what it says is mended/,
        spoil: `cp -a /etc/postfix/main.cf /root/saved
          sed -i 's,=/etc/ssl/certs/ssl-cert,=$tls_folder/ssl-cert,' /etc/postfix/main.cf
          echo 'tls_folder = /etc/ssl/certs' >>/etc/postfix/main.cf`,
        mend: 'mv /root/saved /etc/postfix/main.cf',
      },
      files,
    ));

  it('a second harden-mail at the same time', async () => {
    const first = start(['apply', '--yes', ...flags]);
    await first.said(/: confirm$/m);
    first.signal('SIGSTOP');
    try {
      const before = await host.state();
      assertFailure(await hardenMail(['apply', '--yes', ...flags]), {
        exit: 1,
        says: /another harden-mail works on \S+: transaction \S+ of \S+, since \d{4}-/,
        todo: /Run again when it is done/,
      });
      assert.deepEqual(await host.state(), before);
    } finally {
      first.signal('SIGCONT');
    }
    const { code, stdout } = await first.done;
    assert.equal(code, 0, stdout);
    assert.match(stdout, /changed: /);
    await assertTidy(host);
  });
});

/**
 * One line tells what is wrong, and the last one what to do. Between them only the place in a file may be shown.
 */
function assertFailure(
  { code, stdout, stderr }: Outcome,
  { exit, says, todo }: Pick<Bad, 'exit' | 'says' | 'todo'>,
): void {
  const all = `${stdout}\n${stderr}`;
  const lines = (exit === 3 ? stderr : stdout).trimEnd().split('\n');
  const wrong = lines.findLastIndex((line) => /^(harden-mail|\S+ {2}failed): /.test(line));
  const message = (lines[wrong] ?? '').replace(/^(harden-mail|\S+ {2}failed): /, '');
  const [hint = '', ...excerpt] = lines.slice(wrong + 1).reverse();
  assert.match(message, says, all);
  assert.match(hint, /^ {2}→ \S/, all);
  assert.match(hint, todo, all);
  for (const line of excerpt) assert.match(line, /^ {4} *\d* \| /, all);
  assert.doesNotMatch(message + hint, /\\u\{/, 'control characters');
  assert.equal(code, exit, all);
}
