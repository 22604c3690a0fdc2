/** The commands that are compared on one host: all of them bring the same things about, or read the same files. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Acme, LabHost } from '../src/lab/lab.ts';
import { runProgram } from '../src/lab/programs.ts';
import { watched } from './measure.ts';
import type { Contender } from './measure.ts';

const BIN = 'bin/harden-mail.js';
const FILES =
  '/etc/postfix/main.cf /etc/postfix/master.cf /etc/dovecot/dovecot.conf /etc/dovecot/conf.d/*.conf /etc/dovecot/conf.d/*.ext';

/** One way to one host: `address` may be that of a slow line. */
export interface Way {
  readonly host: LabHost;
  readonly address: string;
  readonly acme: Acme;
  /** For the files that contenders need. */
  readonly folder: string;
}

export const hardenMail = (command: string, ...args: string[]): string[] => [process.execPath, BIN, command, ...args];

/** Options of ours for hosts of the lab. */
export async function options(way: Way, identity: string, knownHosts: string): Promise<string[]> {
  const ssh = ['--user', 'root', '--identity', identity, '--known-hosts', knownHosts, '--ssh-config', 'none'];
  return [...ssh, ...(await unasked(way))];
}

async function unasked({ acme, folder }: Way): Promise<string[]> {
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, await acme.root());
  return ['--yes', '--acme-server', acme.directory, '--ca', ca];
}

/** The host's keys, under the address of this way. */
export async function knownHosts({ host, address, folder }: Way): Promise<string> {
  const file = join(folder, `known_hosts-${address}`);
  const keys = await host.run('cat /etc/ssh/ssh_host_*_key.pub');
  await writeFile(file, keys.replaceAll(/^(?=\S)/gm, `${address} `));
  return file;
}

export const sshCat = (identity: string, known: string, address: string): string[] => [
  ...['ssh', '-F', 'none', '-i', identity, '-o', `UserKnownHostsFile=${known}`, '-o', 'BatchMode=yes'],
  ...[`root@${address}`, `cat ${FILES}`],
];

/**
 * One setting is lost each time, in both programs: two files, two reloads. The files get an earlier time: Postfix's programs wait for more than a
 * second where main.cf has just changed.
 */
export const spoil = (host: LabHost): Promise<unknown> =>
  host.run(`cd /etc; sed -i '/^smtpd_tls_auth_only/d' postfix/main.cf; sed -i 's/^ssl = required/ssl = yes/' dovecot/conf.d/10-ssl.conf
    touch -d '1 minute ago' postfix/main.cf dovecot/conf.d/10-ssl.conf`);

/** Opens a connection of ssh that others use (ControlMaster): the configuration that names it, and the words of ssh over it. */
async function master({ host, address, folder }: Way, known: string): Promise<{ config: string; ssh: string[] }> {
  const socket = join(folder, `master-${address}`);
  const config = join(folder, `config-${address}`);
  const settings = ['ControlPath', socket, 'UserKnownHostsFile', known, 'IdentityFile', host.identity];
  await writeFile(config, `${settings.join(' ').replaceAll(/ (?=[UI])/g, '\n')}\n`);
  const ssh = ['ssh', '-F', config, '-o', 'BatchMode=yes'];
  // Without pipes: the open connection would hold them.
  await runProgram('sh', ['-c', '"$@" >/dev/null 2>&1', 'sh', ...ssh, '-f', '-N', '-M', `root@${address}`]);
  return { config, ssh };
}

/**
 * A run with nothing to do, verified, and a dry run; the same files by ssh; both over an open connection; and Ansible's dry run, plain and
 * with Mitogen.
 */
export async function onOneHost(way: Way): Promise<Contender[]> {
  const { host, address } = way;
  const known = await knownHosts(way);
  // A host is usually called by its name. A line of its own has another address, so here the name is given beside it.
  const called = ['--host', address, '--domain', host.name];
  const apply = hardenMail('apply', ...called, ...(await options(way, host.identity, known)));
  const { config, ssh } = await master(way, known);
  const over = ['--user', 'root', '--ssh-config', config, ...(await unasked(way))];
  return [
    { name: 'ssh cat', command: sshCat(host.identity, known, address) },
    { name: 'warm ssh cat', command: [...ssh, `root@${address}`, `cat ${FILES}`] },
    { name: 'over an open connection', command: hardenMail('apply', ...called, ...over) },
    { name: 'no change', command: apply, env: watched },
    { name: 'dry run', command: [...apply, '--dry-run'] },
    ...(await ansible(way, known)),
    { name: 'full apply', command: apply, before: () => spoil(host) },
  ];
}

async function ansible({ host, address, folder }: Way, known: string): Promise<Contender[]> {
  const inventory = join(folder, `hosts-${address}`);
  const config = join(folder, `ansible-${address}.cfg`);
  const log = join(folder, 'ansible.log');
  const ssh = `-F none -o UserKnownHostsFile=${known}`;
  await writeFile(
    inventory,
    `${address} domain=${host.name} ansible_user=root ansible_ssh_private_key_file=${host.identity} ansible_ssh_common_args='${ssh}'\n`,
  );
  await writeFile(
    config,
    '[defaults]\ninterpreter_python = /usr/bin/python3\n[ssh_connection]\npipelining = True\nssh_args = -o ControlMaster=auto -o ControlPersist=60s\n',
  );
  const command = ['ansible-playbook', '--check', '--diff', '-i', inventory, 'bench/ansible/playbook.yml'];
  const env = { ANSIBLE_CONFIG: config, ANSIBLE_NOCOWS: '1' };
  // Into a file: the connection that ssh leaves open for the next would hold a pipe for a minute.
  await runProgram('sh', ['-c', '"$@" >"$0" 2>&1', log, 'env', `ANSIBLE_CONFIG=${config}`, ...command]);
  const said = await readFile(log, 'utf8');
  if (!/changed=0 .*failed=0/.test(said)) throw new Error(`the playbook asserts something else: ${said}`);
  return [
    { name: 'Ansible', command, env },
    { name: 'Mitogen', command, env: { ...env, ANSIBLE_STRATEGY: 'mitogen_linear' } },
  ];
}
