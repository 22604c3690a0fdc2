/** The run's own little network: a bridge, and for each host a network namespace on it. */

import { save } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { must } from './programs.ts';

/** 198.18.0.0/24 is set aside for tests (RFC 2544); each run has a /28 of it, the first address is the bridge's. */
export const addressIn = (ledger: Ledger, n: number): string => `198.18.0.${16 * ledger.slot + 1 + n}`;

/** How many hosts have an address beside the bridge. */
export const MAX_HOSTS = 13;

const batch = (lines: readonly string[]): Promise<string> => must('ip', ['-batch', '-'], { input: lines.join('\n') });

const bridgeOf = (ledger: Ledger): string => `hml${ledger.pid}`;

export async function addBridge(ledger: Ledger): Promise<void> {
  const bridge = bridgeOf(ledger);
  ledger.links.push(bridge);
  save(ledger);
  await batch([
    `link add ${bridge} type bridge`,
    `addr add ${addressIn(ledger, 0)}/28 dev ${bridge}`,
    `link set ${bridge} up`,
  ]);
}

/** Makes the network namespace `name`, with `address` on its `eth0`. No way leads from it to any other network. */
export async function plug(ledger: Ledger, name: string, address: string): Promise<void> {
  ledger.namespaces.push(name);
  ledger.links.push(name);
  save(ledger);
  await batch([
    `netns add ${name}`,
    `link add ${name} type veth peer name eth0 netns ${name}`,
    `link set ${name} master ${bridgeOf(ledger)} up`,
  ]);
  const inside = [`link set lo up`, `addr add ${address}/28 dev eth0`, `link set eth0 up`];
  await must('ip', ['-netns', name, '-batch', '-'], { input: inside.join('\n') });
}
