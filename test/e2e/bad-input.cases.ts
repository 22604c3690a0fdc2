/** What cannot work, as data: what spoils it, and which words and exit code the command must end with. */

import type { Acme, LabHost } from '../../src/lab/lab.ts';
import { must } from '../../src/lab/programs.ts';
import { credentials, issuedBy, scratch, to } from '../support/cli.ts';
import type { Failure } from '../support/cli.ts';

export interface Bad extends Failure {
  readonly what: string;
  /** Shell, run on the host beforehand, and to put it right again. */
  readonly spoil?: string;
  readonly mend?: string;
  /** What is given beside, or in place of, `apply --yes --host …`. */
  readonly flags?: (host: LabHost, acme: Acme) => readonly string[] | Promise<readonly string[]>;
}

export const ON_THE_WAY: readonly Bad[] = [
  {
    what: 'the name of the host does not resolve',
    exit: 4,
    says: /^no-such-host\.invalid:22: the name does not resolve/,
    todo: /spelling|address/,
    flags: (host) => ['apply', '--yes', '--host', 'no-such-host.invalid', ...credentials(host)],
  },
  {
    what: 'nothing listens on the SSH port',
    exit: 4,
    says: /:2222: the connection was refused/,
    todo: /--port/,
    flags: (host) => ['apply', '--yes', ...to(host), '--port', '2222'],
  },
  {
    what: 'the host does not accept the key',
    exit: 4,
    says: /root could not log in; tried key \S+-key; the host accepts publickey/,
    todo: /--user and --identity/,
    flags: async ({ address, knownHosts }) => {
      const identity = scratch('key');
      await must('sh', ['-c', 'rm "$1"; ssh-keygen -q -t ed25519 -N "" -f "$1"', 'sh', identity]);
      return ['apply', '--yes', '--host', address, '--user', 'root', ...credentials({ identity, knownHosts })];
    },
  },
  {
    what: 'the user is not root and cannot become root',
    exit: 1,
    says: /mallory cannot become root|sudo asks for a password/,
    todo: /--user root|sudo|--ask-become-pass/,
    flags: (host) => ['apply', '--yes', ...to(host, 'mallory')],
  },
  {
    what: 'there is no terminal to ask on and no --yes',
    exit: 3,
    says: /no terminal to ask on/,
    todo: /--yes|--dry-run/,
    flags: (host) => ['apply', ...to(host)],
  },
  {
    what: 'the inventory is not valid JSON',
    exit: 3,
    says: /hosts\.json:2:25: /,
    todo: /Fix the file/,
    flags: () => ['apply', '--yes', '--inventory', scratch('hosts.json', '{\n  "hosts": { "mx1": {}, }\n')],
  },
  {
    what: 'the inventory has an unknown setting',
    exit: 3,
    says: /hosts\.json:1:\d+: hosts\.mx1\.prot: there is no such setting: did you mean "port"\?$/,
    todo: /inventory\.example\.json/,
    flags: () => ['apply', '--yes', '--inventory', scratch('hosts.json', '{ "hosts": { "mx1": { "prot": 22 } } }')],
  },
  {
    what: 'a port number in the inventory is above 65535',
    exit: 3,
    says: /hosts\.json:1:\d+: hosts\.mx1\.port: .*65535$/,
    todo: /inventory\.example\.json/,
    flags: () => ['apply', '--yes', '--inventory', scratch('hosts.json', '{ "hosts": { "mx1": { "port": 70000 } } }')],
  },
];

export const ON_THE_HOST: readonly Bad[] = [
  {
    what: 'the host runs neither Debian nor Ubuntu',
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
      ['10-auth.conf of Dovecot', '/etc/dovecot/conf.d/10-auth.conf', 'service auth {'],
    ] as const
  ).map(([name, path, line]): Bad => ({
    what: `${name} has a syntax error`,
    exit: 1,
    says: new RegExp(`${path}:\\d+:(\\d+:)? `),
    todo: new RegExp(`Fix line \\d+ of ${path}`),
    spoil: `cp -a ${path} /root/saved; echo '${line}' >>${path}`,
    mend: `mv /root/saved ${path}`,
  })),
  {
    what: 'the mail domain resolves to another address',
    exit: 1,
    says: /elsewhere\.test resolves to 198\.18\.0\.250, which is not /,
    todo: /A or AAAA record|--domain/,
    flags: async (host, acme) => {
      await acme.setA('elsewhere.test', '198.18.0.250');
      return ['apply', '--yes', ...to(host), '--domain', 'elsewhere.test', ...(await issuedBy(acme))];
    },
  },
  {
    what: 'the mail domain does not resolve',
    exit: 1,
    says: /nowhere\.test does not resolve to any address/,
    todo: /A or AAAA record|--domain/,
    flags: async (host, acme) => ['apply', '--yes', ...to(host), '--domain', 'nowhere.test', ...(await issuedBy(acme))],
  },
  {
    what: 'another program holds port 80',
    exit: 1,
    says: /port 80 on \S+ is held by python3\b/,
    todo: /--webroot .* or stop it/,
    spoil: `systemd-run -q --unit e2e-http python3 -m http.server 80
      until ss -Hltn 'sport = :80' | grep -q .; do sleep 0.05; done`,
    mend: 'systemctl stop e2e-http',
  },
  {
    what: 'another apt-get is running',
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

export const CERTIFICATE: readonly Bad[] = [
  {
    what: 'nothing listens at the address of the certificate authority',
    exit: 1,
    says: /certbot got no certificate for mx\S+: .*(refused|Connection)/,
    todo: /Mail works as before/,
    flags: (host, acme) => ['apply', '--yes', ...to(host), '--acme-server', acme.directory.replace('14000', '1')],
  },
  {
    what: 'a firewall keeps the certificate authority from port 80',
    exit: 1,
    says: /certbot got no certificate for mx\S+: .*(refused|Connection|Timeout|Fetching)/,
    todo: /Mail works as before/,
    spoil: `nft add table inet e2e
      nft add chain inet e2e input '{ type filter hook input priority 0; }'
      nft add rule inet e2e input tcp dport 80 reject with tcp reset`,
    mend: 'nft delete table inet e2e',
  },
];

const REFUSED = { exit: 1, todo: /Nothing was written/ };

/** What the host itself finds out when it is about to write. */
export const IN_ITS_FILES: readonly Bad[] = [
  {
    ...REFUSED,
    what: 'a file has a second name (a hard link)',
    says: /refused the changes \(at stage\): \/etc\/postfix\/master\.cf has a second name \(a hard link\)/,
    spoil: 'ln /etc/postfix/master.cf /srv/second-name',
    mend: 'rm /srv/second-name',
  },
  {
    ...REFUSED,
    what: 'a file is immutable',
    says: /10-ssl\.conf cannot be replaced: it is immutable or append-only \(chattr -i -a\)/,
    spoil: 'chattr +i /etc/dovecot/conf.d/10-ssl.conf',
    mend: 'chattr -i /etc/dovecot/conf.d/10-ssl.conf',
  },
  {
    ...REFUSED,
    what: 'a file is a mount point',
    says: /10-auth\.conf cannot be replaced: it is a mount of its own/,
    spoil: 'cd /etc/dovecot/conf.d; mount --bind 10-auth.conf 10-auth.conf',
    mend: 'umount /etc/dovecot/conf.d/10-auth.conf',
  },
  {
    ...REFUSED,
    what: 'Dovecot is masked',
    says: /dovecot\.service is masked: it can neither be started nor reloaded/,
    spoil: 'systemctl mask dovecot',
    mend: 'systemctl unmask dovecot',
  },
  {
    ...REFUSED,
    what: 'another program holds port 465',
    says: /port 465 is held by python3, so Postfix cannot listen there/,
    spoil: `systemd-run -q --unit squatter python3 -m http.server 465
      until ss -Hltn 'sport = :465' | grep -q .; do sleep 0.1; done`,
    mend: 'systemctl stop squatter',
  },
];
