/** A transaction of the test's own making, handed over by the tool's own code: what the recipe would never write. */

import { createHash } from 'node:crypto';
import { commit, settle } from '../../src/commit/commit.ts';
import type { Activation, Change, Plan, Receipt } from '../../src/model/index.ts';
import type { Remote } from '../../src/remote/remote.ts';
import type { LabHost } from '../../src/lab/lab.ts';

export interface Planted {
  /** By path; null removes the file. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly activations: readonly Pick<Activation, 'unit' | 'how'>[];
  readonly ports?: readonly number[];
  readonly rollback?: true;
  /** As for a conversion of Dovecot's files. */
  readonly mailboxes?: 'sample' | 'all';
  /** Runs when all is live and the host waits for the word. */
  readonly live?: () => Promise<void>;
}

/** Carries it out and gives the word to keep it, should the host ask for one. */
export async function transact(host: LabHost, planted: Planted): Promise<Receipt> {
  const { files, activations, ports = [], rollback, mailboxes, live } = planted;
  const changes = await Promise.all(Object.entries(files).map(([path, after]) => change(host, path, after)));
  const plan: Plan = {
    tasks: [],
    actions: [],
    settings: [],
    changes,
    activations: activations.map((one) => ({ ...one, why: 'a test' })),
    notes: [],
  };
  const started = await commit(remoteOf(host), plan, {
    confirmTimeout: 60,
    who: 'a test',
    ports,
    ...(rollback && { rollback }),
    ...(mailboxes && { mailboxes }),
  });
  if (started.state !== 'awaiting') return started;
  await live?.();
  const receipt = await settle(remoteOf(host), started.id, null);
  return { ...receipt, notes: [...(started.notes ?? []), ...(receipt.notes ?? [])] };
}

async function change(host: LabHost, path: string, after: string | null): Promise<Change> {
  const { code } = await host.exec(`[ -e ${path} ]`);
  const before = code === 0 ? (await host.read(path)).toString('latin1') : null;
  const [mode = '0644', owner = 'root:root'] =
    before === null ? [] : (await host.run(`stat -c '%04a %U:%G' ${path}`)).trim().split(' ');
  const sha256 = before === null ? '' : createHash('sha256').update(before, 'latin1').digest('hex');
  return { path, target: path, before, after, sha256, mode, owner };
}

function remoteOf(host: LabHost): Remote {
  return {
    name: host.name,
    address: host.address,
    async run(script) {
      const { code, stdout, stderr } = await host.exec('sh -s', { input: script });
      return { code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) };
    },
    forward: () => Promise.reject(new Error('no port is forwarded here')),
    close: () => Promise.resolve(),
  };
}
