/** The job of a spare machine: a rehearsal as plain values without a secret, in one line of text. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { HardenMailError } from '../../model/errors.ts';
import type { Host } from '../../model/index.ts';
import type { Clues } from '../../rehearse/stand-ins.ts';
import type { Original } from '../rehearsal/original.ts';
import type { RunOptions } from '../step.ts';

export interface Job {
  readonly original: Original;
  readonly options: Pick<RunOptions, 'trust' | 'upgradeTo' | 'tasks' | 'confirmTimeout' | 'mailboxes'>;
}

export function packJob({ original, options }: Job, version: string): string {
  const { trust, upgradeTo, tasks, confirmTimeout, mailboxes } = options;
  const { capture } = original;
  const job = {
    version,
    original: { ...original, host: withoutLogin(original.host), capture: { ...capture, clues: listed(capture.clues) } },
    options: { trust, upgradeTo, tasks, confirmTimeout, mailboxes },
  };
  return gzipSync(JSON.stringify(job)).toString('base64');
}

/**
 * @param version of the program that reads it
 * @throws STOPPED for a job of another version
 */
export function unpackJob(text: string, version: string): Job {
  const job = JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString()) as Job & { readonly version?: unknown };
  if (job.version !== version)
    throw new HardenMailError(
      'STOPPED',
      `the job is from harden-mail ${String(job.version)}, and this is harden-mail ${version}`,
      'Use the same version on both machines.',
    );
  const { original, options } = job;
  const { capture } = original;
  return { original: { ...original, capture: { ...capture, clues: asSets(capture.clues) } }, options };
}

/** The copy has its own login. */
function withoutLogin(host: Host): Host {
  const { identity: _, user: _user, port: _port, local: _local, groups: _groups, ...rest } = host;
  return rest;
}

function listed(clues: Clues): Record<keyof Clues, string[]> {
  const { stock, secretPaths, tables, read } = clues;
  return { stock: [...stock], secretPaths: [...secretPaths], tables: [...tables], read: [...read] };
}

function asSets(clues: Record<keyof Clues, Iterable<string>>): Clues {
  const { stock, secretPaths, tables, read } = clues;
  return { stock: new Set(stock), secretPaths: new Set(secretPaths), tables: new Set(tables), read: new Set(read) };
}
