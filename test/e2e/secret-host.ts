/** A mail host with twenty-two secrets, and a look for them on this machine. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { runProgram } from '../../src/lab/programs.ts';
import { scratch, SCRATCH } from '../support/cli.ts';

const secret = (number: number): string => `Pl4nt3d-${String(number).padStart(2, '0')}-kqWz83`;
/** In the files of the host. */
export const ALL = Array.from({ length: 22 }, (_, at) => secret(at + 1));
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

export interface SecretHost {
  readonly host: LabHost;
  /** Places on this machine, apart from the host itself and the tests, that hold a secret. @param runs folders of copies */
  readonly places: (runs: Iterable<string>) => Promise<string[]>;
}

export async function secretHost(): Promise<SecretHost> {
  const host = await lab.host({ release: 'bookworm', mail: true, also: ['postfix-sqlite'], users: [ALICE] });
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
  const pattern = scratch('secrets', [...ALL, key].map((one) => `${one}\n`).join(''));
  return {
    host,
    async places(runs) {
      const own = [...runs].filter((folder) => existsSync(folder));
      const grep = ['-type', 'f', '-newer', pattern, '!', '-name', '*-secrets', '-exec', 'grep', '-laF', '-f', pattern, '{}', '+']; // oxfmt-ignore
      const shared = ['/tmp', '/var/tmp', '/var/log', '/run/harden-mail-lab', '-maxdepth', '2'];
      const searches = [shared, [SCRATCH], ...(own.length > 0 ? [own] : [])];
      const found = await Promise.all(searches.map((where) => runProgram('find', [...where, ...grep])));
      const files = found.flatMap(({ stdout }) => stdout.toString().split('\n').filter(Boolean));
      return [...files, ...processes(pattern, host)];
    },
  };
}

/** Processes that are not the host's own with a secret in their arguments or environment. */
function processes(pattern: string, host: LabHost): string[] {
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
