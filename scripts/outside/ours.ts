/** Our own audit, in the shape of the others'. */
import { connect, type Socket } from 'node:net';
import { audit } from '../../src/audit/audit.ts';
import type { PortAudit } from '../../src/model/index.ts';
import { SUITES } from '../../src/tls/suites.ts';
import { fingerprintItem, suiteItem } from './opinion.ts';

const NUMBERS = new Map(SUITES.map(({ name, id }) => [name, id]));

/** The ports that answer. Throws where one could not be asked all. */
export async function ours(address: string, name: string, ports: readonly number[]): Promise<readonly PortAudit[]> {
  const dial = (port: number, signal: AbortSignal): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, signal, noDelay: true });
      socket.once('connect', () => resolve(socket.off('error', reject))).once('error', reject);
    });
  const seen = await audit({ dial, domain: name, signal: new AbortController().signal, ports });
  const answering = seen.ports.filter(({ answers }) => answers);
  for (const { port, why } of answering) if (why !== '') throw new Error(`our audit of ${port} is not whole: ${why}`);
  return answering;
}

export function itemsOf({ versions, chains }: PortAudit): string[] {
  const leaf = chains[0]?.[0];
  return [
    ...versions.flatMap(({ version, suites }) => [
      `version ${version}`,
      ...suites.map((suite) => suiteItem(version, NUMBERS.get(suite) ?? 0)),
    ]),
    ...(leaf ? [`key ${leaf.key}`, `signature ${leaf.signature}`, fingerprintItem(leaf.fingerprint)] : []),
  ];
}
