/**
 * The clients of a host: a network namespace with one address for each kind of client, joined to the host's own. Their
 * addresses are in lib/driver.py; the host is 10.20.0.1 for its own network, 10.8.0.1 for the VPN, fd20::1 for IPv6.
 */

import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../../../src/lab/lab.ts';
import { must } from '../../../src/lab/programs.ts';
import type { Result, Session } from './schema.ts';

const DRIVER = fileURLToPath(new URL('../../hosts/lib/driver.py', import.meta.url));

export interface Clients {
  /** Has the sessions, those `from` loopback on the host itself. A token stands for each session that delivers. */
  talk(
    sessions: readonly (Session & { readonly token: string })[],
    users: Readonly<Record<string, string>>,
  ): Promise<Result[]>;
  stop(): void;
}

const ON_THE_HOST = ['10.20.0.1/24', '10.8.0.1/24'];
const FAR = ['198.18.200.0/24', '198.18.201.0/24'];
const CLIENTS = ['10.20.0.5/24', '10.20.0.66/24', '10.8.0.2/24', '198.18.200.9/32', '198.18.201.7/32'];

/** Joins the clients' namespace to the host's. It is gone with this process. */
export async function joinClients(host: LabHost): Promise<Clients> {
  const holder = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--net', 'sleep', 'infinity'], {
    stdio: 'ignore',
  });
  const pid = String(holder.pid);
  const own = readlinkSync('/proc/self/ns/net');
  while (readlinkSync(`/proc/${pid}/ns/net`) === own) await sleep(10);
  const inside = (net: string[], lines: readonly string[]) =>
    must('nsenter', [...net, 'ip', '-batch', '-'], { input: lines.join('\n') });
  const onHost = [`--net=/run/netns/${host.namespace}`];
  const atClients = ['--net', '--target', pid];
  await inside(onHost, [
    `link add lan0 type veth peer name lan1`,
    `link set lan1 netns ${pid}`,
    ...ON_THE_HOST.map((address) => `addr add ${address} dev lan0`),
    `addr add fd20::1/64 dev lan0 nodad`,
    `link set lan0 up`,
    ...FAR.map((net) => `route add ${net} dev lan0`),
    `route add fd99::/64 dev lan0`,
  ]);
  await inside(atClients, [
    `link set lo up`,
    ...CLIENTS.map((address) => `addr add ${address} dev lan1`),
    `addr add fd20::5/64 dev lan1 nodad`,
    `addr add fd99::9/128 dev lan1 nodad`,
    `link set lan1 up`,
    `route add default via 10.20.0.1`,
  ]);
  const drive = async (net: string[], sessions: readonly Session[], users: object): Promise<Result[]> => {
    if (sessions.length === 0) return [];
    const input = JSON.stringify({ address: host.address, users, sessions });
    return JSON.parse(await must('nsenter', [...net, 'python3', DRIVER], { input })) as Result[];
  };
  return {
    async talk(sessions, users) {
      const local = sessions.filter(({ from }) => from === 'loopback');
      const others = sessions.filter(({ from }) => from !== 'loopback');
      const results = [...(await drive(atClients, others, users)), ...(await drive(onHost, local, users))];
      return sessions.map(({ name }) => results.find((one) => one.name === name)!);
    },
    stop: () => void holder.kill('SIGKILL'),
  };
}
