/** One host, looked at by us and by the others. */
import type { ReleaseName } from '../../src/lab/images.ts';
import { compare, type Difference } from './compare.ts';
import { make } from './hosts.ts';
import { nmap } from './nmap.ts';
import type { Auditor, Remark } from './opinion.ts';
import { itemsOf, ours } from './ours.ts';
import { sslscan } from './sslscan.ts';
import { testssl } from './testssl.ts';

export const AUDITORS: Readonly<Record<string, Auditor>> = { sslscan, nmap, testssl };
/** Their packages. */
export const PACKAGES = ['sslscan', 'nmap', 'testssl.sh'];

export interface Seen {
  readonly release: ReleaseName;
  /** `strict`, `stock`, `old-tls`, … */
  readonly host: string;
  readonly port: number;
  readonly tool: string;
  /** The day, ISO 8601. */
  readonly date: string;
  readonly seconds: number;
  /** What was compared, and how many of them are suites. */
  readonly items: number;
  readonly suites: number;
  readonly grade?: string;
  readonly remarks: readonly Remark[];
  readonly differences: readonly Difference[];
}

export interface Wanted {
  readonly ports: readonly number[];
  readonly tools: readonly string[];
  /** Ports that are looked at side by side. */
  readonly atATime: number;
  readonly say?: (text: string) => void;
}

/** A fresh host, gone afterwards. */
export async function lookAt(release: ReleaseName, kind: string, wanted: Wanted): Promise<Seen[]> {
  const { host, ca } = await make(release, kind);
  const { address, name } = host;
  try {
    const began = performance.now();
    const audited = await ours(address, name, wanted.ports);
    const ports = new Map(audited.map((one) => [one.port, itemsOf(one)]));
    wanted.say?.(`${release} ${kind}: our audit of ${[...ports.keys()].join(', ')}: ${since(began)} s`);
    const left = [...ports.keys()];
    const seen: Seen[] = [];
    const worker = async (): Promise<void> => {
      for (let port = left.shift(); port !== undefined; port = left.shift())
        for (const tool of wanted.tools) {
          const one = await ask(tool, ports.get(port) ?? [], { address, name, port, ca });
          seen.push({ release, host: kind, ...one });
          wanted.say?.(`${release} ${kind} ${port}: ${tool}: ${one.seconds} s`);
        }
    };
    await Promise.all(Array.from({ length: wanted.atATime }, worker));
    return seen.toSorted((a, b) => a.port - b.port);
  } finally {
    await host.stop();
  }
}

type Asked = Omit<Seen, 'release' | 'host'>;

async function ask(tool: string, mine: readonly string[], place: Parameters<Auditor>[0]): Promise<Asked> {
  const auditor = AUDITORS[tool];
  if (!auditor) throw new Error(`no tool ${tool}; there are ${Object.keys(AUDITORS).join(', ')}`);
  const began = performance.now();
  const { items, remarks, grade } = await auditor(place);
  const differences = compare(mine, items);
  return {
    ...{ port: place.port, tool, date: new Date().toISOString().slice(0, 10), seconds: since(began) },
    ...{ items: items.length, suites: items.filter((one) => one.startsWith('suite ')).length },
    ...(grade !== undefined && { grade }),
    ...{ remarks, differences },
  };
}

const since = (began: number): number => Math.round((performance.now() - began) / 100) / 10;
