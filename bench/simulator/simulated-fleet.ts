/**
 * One lab host under the addresses of a thousand, so that the controller is measured and not the machine that plays the hosts. Real are the
 * connections: its sshd, and the mail ports of its Postfix and Dovecot. Recorded is what a command answers: the host's own output of
 * gather.sh, read once. Dovecot's login processes serve many sessions each, as Dovecot's manual advises for busy hosts.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gatherScript } from '../../src/gather/gather.ts';
import { runProgram } from '../../src/lab/programs.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { hardenMail, knownHosts, options, type Way } from '../contenders.ts';
import { measure } from '../measure.ts';

/** Host n has the address 10.77.(n / 250).(n % 250 + 1). */
const NETWORK = '10.77.0.0/16';
const addressOf = (n: number): string => `10.77.${Math.floor(n / 250)}.${(n % 250) + 1}`;

export interface SimulatedFleet {
  readonly inventory: string;
  /** A line of known_hosts for each host. */
  readonly known: string;
  /** `root@ADDRESS` for each host. */
  readonly list: string;
}

/** What sshd runs for a command of a simulated host: the recorded answer between the marks, or the files that ssh is to print. */
const REPLAY = `#!/bin/sh
case $SSH_ORIGINAL_COMMAND in "cat /etc/"*) exec sh -c "$SSH_ORIGINAL_COMMAND" ;; esac
a=\${SSH_ORIGINAL_COMMAND#*n=}; b=\${a#*'"$n"'}
n=\${a%%;*}\${b%%;*}
echo "$n" >&2; echo "$n"; cat /simulator/gathered
echo "$n 0" >&2; echo "$n 0"; cat >/dev/null
`;

const SSHD = `MaxStartups 1000
LogLevel ERROR
Match LocalAddress ${NETWORK}
  ForceCommand sh /simulator/replay
`;

/** Makes the host answer under all addresses. It has been hardened. */
export async function simulate(way: Way): Promise<void> {
  const { host } = way;
  for (const daemon of ['imap', 'pop3'])
    await host.run(
      `printf 'service ${daemon}-login {\\n  service_count = 0\\n}\\n' >>/etc/dovecot/conf.d/10-master.conf`,
    );
  await host.run('cat >/etc/ssh/sshd_config.d/simulator.conf', { input: SSHD });
  await host.run('systemctl reload ssh dovecot && ip route add local 10.77.0.0/16 dev lo');
  await runProgram('ip', ['route', 'replace', NETWORK, 'via', host.address]);
  // Dovecot's files are newer than its processes for a second: an apply would reload it.
  const args = await options(way, host.identity, await knownHosts(way));
  await measure([{ name: 'settle', command: hardenMail('apply', '--host', host.address, ...args) }], 0);
  await host.run('mkdir -p /simulator && cat >/simulator/replay', { input: REPLAY });
  await host.run('cat >/simulator/gather', { input: `own_cert= own_key= own_sni=\n${gatherScript()}` });
  await host.run('cd / && umask 022 && LC_ALL=C sh /simulator/gather >/simulator/gathered </dev/null');
}

/** The files of a fleet of so many hosts. */
export async function simulatedFleet(host: LabHost, folder: string, size: number): Promise<SimulatedFleet> {
  const all = Array.from({ length: size }, (_, n) => ({ name: `n${n}.bench.test`, hostname: addressOf(n) }));
  const keys = (await host.run('cat /etc/ssh/ssh_host_*_key.pub')).split('\n').filter(Boolean);
  const file = (name: string): string => join(folder, `simulated-${size}-${name}`);
  const fleet = { inventory: file('inventory.json'), known: file('known_hosts'), list: file('list') };
  const entries = all.map(({ name, hostname }) => [name, { hostname, domain: host.name }]);
  await writeFile(fleet.inventory, JSON.stringify({ hosts: Object.fromEntries(entries) }));
  await writeFile(fleet.known, all.flatMap(({ hostname }) => keys.map((key) => `${hostname} ${key}\n`)).join(''));
  await writeFile(fleet.list, all.map(({ hostname }) => `root@${hostname}\n`).join(''));
  return fleet;
}
