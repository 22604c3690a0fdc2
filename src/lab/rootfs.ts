/** What makes one host differ from another: its name, keys, machine id and resolver, written into its own layer. */

import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BUILD_DOMAIN, BUILD_NAME } from './image.ts';
import { must } from './programs.ts';
import { UBUNTU_DEFAULTS, ubuntuIdentity, withUbuntuBanner, type UbuntuName } from './ubuntu.ts';

export interface Identity {
  /** Full name. */
  readonly name: string;
  readonly resolver: string;
  /** Public key that may log in as root. */
  readonly authorized: string;
  /** Certificate (PEM) that programs on the host shall trust as an authority. */
  readonly authority: string;
  /** The host says that it is this Ubuntu. */
  readonly ubuntu?: UbuntuName;
}

/**
 * Writes a host's own files into its upper layer, before that is mounted over the tree it is made from.
 * Gives the host's public SSH keys, one `TYPE BASE64` line each.
 */
export async function dress(upper: string, tree: string, identity: Identity): Promise<string[]> {
  const { name, ubuntu } = identity;
  const [short = name, ...domain] = name.split('.');
  const put = async (path: string, text: string, mode = 0o644) => {
    await mkdir(join(upper, dirname(path)), { recursive: true });
    await writeFile(join(upper, path), text, { mode, encoding: 'latin1' });
  };
  await put('/etc/hostname', `${short}\n`);
  // As Debian's installer does it: the full name leads to 127.0.1.1 on the host itself.
  await put('/etc/hosts', `127.0.0.1\tlocalhost\n127.0.1.1\t${name} ${short}\n::1\tlocalhost ip6-localhost\n`);
  await put('/etc/resolv.conf', `nameserver ${identity.resolver}\n`);
  await put('/etc/machine-id', `${randomBytes(16).toString('hex')}\n`);
  await put('/root/.ssh/authorized_keys', identity.authorized, 0o600);
  await chmod(join(upper, '/root'), 0o700);
  await chmod(join(upper, '/root/.ssh'), 0o700);
  await put('/usr/local/share/ca-certificates/lab.crt', identity.authority);
  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  await put(bundle, (await readFile(join(tree, bundle), 'latin1')) + identity.authority);
  for (const path of ['/etc/mailname', '/etc/postfix/main.cf']) {
    const stock = await readFile(join(tree, path), 'latin1').catch(() => null);
    if (stock === null) continue;
    const text = stock.replaceAll(BUILD_NAME, name).replaceAll(BUILD_DOMAIN, domain.join('.'));
    await put(path, ubuntu === undefined ? text : withUbuntuBanner(text));
  }
  const own = ubuntu === undefined ? {} : { ...ubuntuIdentity(ubuntu), ...UBUNTU_DEFAULTS };
  for (const [path, text] of Object.entries(own)) await put(path, text);
  const template = await readFile(join(tree, '/usr/share/ssl-cert/ssleay.cnf'), 'latin1').catch(() => null);
  if (template !== null) await snakeoil(join(upper, '/etc/ssl/certs'), tree, name, template);
  return hostKeys(join(upper, '/etc/ssh'), short);
}

async function hostKeys(folder: string, comment: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const keys = ['ed25519', 'ecdsa'].map(async (type) => {
    const file = join(folder, `ssh_host_${type}_key`);
    await must('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', `root@${comment}`, '-f', file]);
    return (await readFile(`${file}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ');
  });
  return Promise.all(keys);
}

/** The self-signed certificate that Debian's ssl-cert makes for the name of the host it is installed on. */
async function snakeoil(folder: string, tree: string, name: string, template: string): Promise<void> {
  const file = join(folder, 'ssl-cert-snakeoil.pem');
  const config = join(folder, 'snakeoil.cnf');
  // bullseye's template has openssl write its random state to /dev/urandom, which a later openssl refuses
  const filled = template.replace('@HostName@', name).replace('@SubjectAltName@', `DNS:${name}`);
  await writeFile(config, filled.replace(/^RANDFILE.*$/m, ''));
  const key = join(tree, '/etc/ssl/private/ssl-cert-snakeoil.key');
  const make = ['req', '-config', config, '-x509', '-days', '3650', '-sha256', '-key', key, '-out', file];
  await must('openssl', make);
  await rm(config);
  const hash = await must('openssl', ['x509', '-hash', '-noout', '-in', file]);
  await symlink('ssl-cert-snakeoil.pem', join(folder, `${hash.trim()}.0`));
}
