/** A lab host on which the map's cases are real: Dovecot knows the users, and the clients have addresses. */

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab, type LabHost } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { ADDRESSES, USERS, type Rendered } from './render.ts';

export interface ProbeResult {
  readonly port: number;
  readonly client: string;
  /** Code of the greeting; 0 for none. */
  readonly greeting: number;
  /** The probe began with a TLS handshake, and that is how it got its greeting. */
  readonly implicit: boolean;
  readonly ehlo: number;
  /** Does EHLO list STARTTLS? */
  readonly starttls: boolean;
  /** Code of STARTTLS. */
  readonly tls?: number;
  /** Code of MAIL before TLS. */
  readonly mail: number;
  /** Does EHLO list AUTH before TLS, and inside? */
  readonly listed: readonly [boolean, boolean];
  /** Code of AUTH with the right password before TLS, and inside; 0: not tried. */
  readonly login: readonly [number, number];
  readonly error?: string;
}

export interface SessionResult {
  readonly id: string;
  readonly codes: Readonly<Record<string, number>>;
  /** The server's last reply. */
  readonly last: string;
  readonly accepted: boolean;
  /** Paths of the policy services that were asked, in order. */
  readonly asked: readonly string[];
  readonly seconds?: number;
  readonly error?: string;
}

export interface Observed {
  readonly probes: readonly ProbeResult[];
  readonly sessions: readonly SessionResult[];
  /** What `postfix reload` said. */
  readonly said: string;
  readonly seconds: readonly number[];
}

const DOVECOT_23 = `
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
passdb {
  driver = passwd-file
  args = /etc/dovecot/oracle-users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/tmp
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
`;

const DOVECOT_24 = `
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
protocols =
ssl = no
auth_allow_cleartext = yes
auth_mechanisms = plain
passdb passwd-file {
  passwd_file_path = /etc/dovecot/oracle-users
}
userdb static {
  fields {
    uid = nobody
    gid = nogroup
    home = /tmp
  }
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
`;

export async function oracleHost(release: ReleaseName): Promise<LabHost> {
  const host = await lab.host({ release, mail: true });
  await host.write('/etc/dovecot/oracle-users', USERS.map((user) => `${user}:{PLAIN}secret\n`).join(''), '0644');
  await host.write('/etc/dovecot/dovecot.conf', release === 'trixie' || release === 'forky' ? DOVECOT_24 : DOVECOT_23);
  await host.write('/root/driver.py', await readFile(new URL('driver.py', import.meta.url)));
  await host.run(`systemctl restart dovecot
    ${ADDRESSES.map((address) => `ip address add ${address}/32 dev lo`).join('\n')}`);
  await sleep(200);
  return host;
}

/** Runs every session of these batches on the host, one batch after the other. */
export async function observe(host: LabHost, all: readonly Rendered[]): Promise<Observed[]> {
  const batches = all.map((one) => ({ ...one, saids: undefined }));
  const { code, stdout, stderr } = await host.exec('python3 /root/driver.py', { input: JSON.stringify({ batches }) });
  if (code !== 0) throw new Error(`driver.py on ${host.name} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as Observed[];
}

export async function postfixVersion(host: LabHost): Promise<string> {
  return (await host.run('postconf -hd mail_version')).trim();
}
