/** Rehearsals by the command, as its users run it. */
import assert from 'node:assert/strict';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { cacheFolder } from '../../src/lab/image.ts';
import type { Rehearsal } from '../../src/model/index.ts';
import { hardenMail, to, trusting, type Outcome } from './cli.ts';

/** The command has another home than the test; the images are the same. */
export const IMAGES = { HARDEN_MAIL_LAB_CACHE: cacheFolder() };

/** The way to a host, and the authority of its certificates. */
export async function rehearsalFlags(host: LabHost, user?: string): Promise<string[]> {
  return [...to(host, user), ...(await trusting(await lab.acme())), '--json'];
}

/** Of the only host of the document on standard output. */
export function rehearsalOf({ stdout, stderr }: Pick<Outcome, 'stdout' | 'stderr'>): Rehearsal {
  const [host] = (JSON.parse(stdout) as { readonly hosts: readonly { readonly rehearsal?: Rehearsal }[] }).hosts;
  assert.ok(host?.rehearsal, stdout + stderr);
  return host.rehearsal;
}

/** With `--json` among the flags. HARDEN_MAIL_REHEARSE_PRINT prints the rehearsal. */
export async function rehearse(flags: readonly string[]): Promise<Rehearsal> {
  const rehearsal = rehearsalOf(await hardenMail(['rehearse', ...flags], IMAGES));
  if (process.env['HARDEN_MAIL_REHEARSE_PRINT']) process.stderr.write(`${JSON.stringify(rehearsal, null, 1)}\n`);
  return rehearsal;
}

/** A rehearsal that must be good, and of the plan for the host. */
export async function rehearseWell(flags: readonly string[]): Promise<Rehearsal> {
  const rehearsal = await rehearse(flags);
  assert.equal(rehearsal.good, true, rehearsal.verdict);
  assert.equal(rehearsal.sameDiff, true, rehearsal.differences.join('\n'));
  return rehearsal;
}
