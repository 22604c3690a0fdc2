/** Hosts to be looked at: stock, after a profile, or weak on purpose. */
import { lab, type LabHost } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { hardenMail, to } from '../../test/support/cli.ts';
import { issueFor } from './authority.ts';
import { WEAK } from './weak.ts';

export const PROFILES = ['standard', 'strict'] as const;
/** Those that are made for one release: their settings have the names that it knows. */
export const KINDS_OF_BOOKWORM = ['stock', ...Object.keys(WEAK)];

const [CERT, KEY] = ['/etc/ssl/mail/fullchain.pem', '/etc/ssl/mail/privkey.pem'];

export interface Made {
  readonly host: LabHost;
  readonly ca: string;
}

export async function make(release: ReleaseName, kind: string): Promise<Made> {
  const host = await lab.host({ release, mail: true });
  const { root, chain, key } = await issueFor(host.name);
  const weak = WEAK[kind];
  if (weak !== undefined) await host.run(weak);
  else if (kind !== 'stock') {
    await host.write(CERT, chain, '0644');
    await host.write(KEY, key, '0600');
    const how = ['--profile', kind, '--cert', CERT, '--key', KEY, '--ca', root];
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', '--no-diff', ...how, ...to(host)]);
    if (code !== 0) throw new Error(`apply --profile ${kind} ended with ${code}: ${stderr}${stdout}`);
  }
  return { host, ca: root };
}
