/** A second way to a lab host, on which every packet takes as long as on a line of a given round-trip time. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { LabHost } from '../src/lab/lab.ts';
import { must } from '../src/lab/programs.ts';

export interface Wire {
  /** The host's address at the far end. */
  readonly address: string;
  cut(): Promise<void>;
}

/** @param rtt milliseconds there and back */
export async function wire(host: LabHost, rtt: number): Promise<Wire> {
  const [near, far] = ['198.18.1.1', '198.18.1.2'];
  const names = [`wire${process.pid % 10000}a`, `wire${process.pid % 10000}b`] as const;
  const relay = spawn('python3', ['bench/relay.py', ...names, String(rtt / 2)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(relay.stdout, 'data');
  const lines = [
    `addr add ${near} peer ${far} dev ${names[0]}`,
    `link set ${names[0]} up`,
    `link set ${names[1]} netns ${host.namespace}`,
  ];
  await must('ip', ['-batch', '-'], { input: lines.join('\n') });
  const inside = [`addr add ${far} peer ${near} dev ${names[1]}`, `link set ${names[1]} up`];
  await must('ip', ['-netns', host.namespace, '-batch', '-'], { input: inside.join('\n') });
  return {
    address: far,
    async cut() {
      relay.stdin.end();
      await once(relay, 'close');
    },
  };
}
