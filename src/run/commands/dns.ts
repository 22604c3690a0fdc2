/** `harden-mail dns`: the DNS records that match the certificate. Nothing is written. */
import { HardenMailError } from '../../model/errors.ts';
import { dnsRecords, furtherRecords } from '../../plan/dns-records.ts';
import { servedCertificate } from '../../tasks/served.ts';
import { namedCertificates } from '../../tasks/sni.ts';
import { connected, readHostPolicy } from '../reading.ts';
import { each } from '../stages.ts';
import type { Flow, Step } from '../step.ts';
import { finish, type Begun } from '../visit.ts';
import { endingView } from '../../report/ending-view.ts';
import { FAILED } from '../../report/shared-endings.ts';
import { escape } from '../../report/escape.ts';
import { html } from '../../report/markup.ts';

export const flow: Flow = (hosts, options, io) => each(hosts, readRecords, options, io);

const readRecords: Step<Begun, Begun> = async (from, options, say) => {
  const found = await readHostPolicy(await connected(from, options, say), options, say);
  const { visit, snapshot, policy } = found;
  const { facts } = snapshot;
  const { chain, ...served } = servedCertificate(facts, policy);
  if (chain === null) {
    throw new HardenMailError(
      'CERTIFICATE_FAILED',
      `${visit.name} has no certificate for ${policy.domain} yet, so there are no DNS records for it`,
      '`harden-mail apply` gets one.',
    );
  }
  const additional = namedCertificates(facts, policy).flatMap(({ names, served: { chain: of, ...one } }) =>
    of === null ? [] : furtherRecords({ chain: of, ...one }, names),
  );
  const records = [...dnsRecords({ chain, ...served }, policy, facts), ...additional];
  return finish(found, { kind: 'dns', records });
};

declare module '../../model/result.ts' {
  interface CommandEndings {
    /** Lines of a zone file. */
    readonly dns: { readonly records: readonly string[] };
  }
}

const ending = endingView({
  kind: 'dns',
  total: 'read',
  lines: ({ host, ending: { records } }, chalk) => [
    `; ${chalk.bold(escape(host))}`, // a comment in a zone file
    ...records.map((line) => escape(line)),
  ],
  schema: (z) => z.object({ records: z.array(z.string()).describe('lines of a zone file') }),
  fields: ({ records }) => ({ records }),
  page: ({ records }) => [html`<pre class="plain" tabindex="0">${records.join('\n')}</pre>`],
});

export const endings = [ending, FAILED];
export const bare = true;
