import { lookup } from 'node:dns/promises';
import { HardenMailError } from '../model/errors.ts';
import { PATHS, type Action, type CertificateRequest } from '../model/index.ts';
import { quote } from '../formats/text/shell-quote.ts';
import type { Remote } from '../remote/remote.ts';
import { certbotFailure } from './certbot-failures.ts';
import { reasons, words } from './command-words.ts';
import { scriptText } from '../remote/scripts.ts';

type Certificate = Extract<Action, { kind: 'certificate' }>;

/**
 * Checks, without writing, whether a certificate authority could reach the host by each name. Throws if the request would fail;
 * returns what may fail: an authority, like each client, may use any of a name's addresses, and prefers IPv6.
 * @param inUse names that are wanted only because the certificate that is served now has them
 */
export async function preflight(
  remote: Remote,
  { domain, domains, challenge, request: { preHook } }: Certificate,
  inUse: readonly string[] = [],
): Promise<string[]> {
  const { stdout } = await remote.run(`domains=${quote(domains.join(' '))}\n${scriptText('commit/preflight.sh')}`, {
    name: 'preflight',
    intent: 'read',
  });
  const lines = stdout.toString('latin1').split('\n');
  const all = (word: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const busy = all('busy');
  if (busy.length > 0 && challenge === 'standalone' && preHook === undefined) {
    throw new HardenMailError(
      'PORT_BUSY',
      `port 80 on ${remote.name} is held by ${busy.join(', ')}, so certbot cannot answer the certificate authority there`,
      `Give --webroot the folder that it serves for ${domain}, or stop it for the moment and run again (--pre-hook and --post-hook do that at renewals too). Nothing was written.`,
    );
  }
  const here = new Set([...all('own'), remote.address]);
  const doubts: string[] = [];
  for (const name of domains) {
    const resolved = await addressesOf(name, all(`resolves ${name}`));
    if (!resolved.some((address) => here.has(address)))
      throw elsewhere(name, resolved, remote.name, here, inUse.includes(name));
    const others = [...new Set(resolved.filter((address) => !here.has(address)))];
    if (others.length > 0) doubts.push(partlyElsewhere(name, others, here));
  }
  return doubts;
}

function partlyElsewhere(name: string, others: readonly string[], here: Iterable<string>): string {
  const records = others.map((address) => `${address.includes(':') ? 'AAAA' : 'A'} ${address}`).join(', ');
  return `${name} leads here and elsewhere too (${records}; this host has ${[...here].join(', ')}): a certificate authority that asks there is not answered by certbot, and clients that go there meet another server. Next: point that record here, or take it out`;
}

function elsewhere(
  name: string,
  resolved: readonly string[],
  host: string,
  here: Iterable<string>,
  isInUse: boolean,
): HardenMailError {
  return new HardenMailError(
    'DOMAIN_MISMATCH',
    resolved.length === 0
      ? `${name} does not resolve to any address, so it cannot get a certificate`
      : `${name} resolves to ${resolved.join(', ')}, which is not ${host} (${[...here].join(', ')})`,
    isInUse
      ? 'It is a name of a certificate that is served now. Point its record to the host; or, if no client uses it, have that certificate reissued without it. Nothing was written.'
      : 'Point its A or AAAA record to the host, or give --domain the name that does. Nothing was written.',
  );
}

/** Resolved by the host's name server; if that knows no address outside of the host, by the resolver of this machine. */
async function addressesOf(domain: string, seenByHost: readonly string[]): Promise<string[]> {
  const outside = seenByHost.filter((address) => !/^(127\.|::1$)/.test(address));
  if (outside.length > 0) return outside;
  const found = await lookup(domain, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** certbot's options for the request; certificate.sh adds the challenge, the names and the authority's roots. */
function certbotOptions({ email, acmeServer, keyType, preHook, postHook }: CertificateRequest): string[] {
  return [
    ...(email === undefined ? ['--register-unsafely-without-email'] : ['--email', email]),
    ...(acmeServer === undefined ? [] : ['--server', acmeServer]),
    ...(keyType === undefined ? [] : ['--key-type', keyType]),
    ...(preHook === undefined ? [] : ['--pre-hook', preHook]),
    ...(postHook === undefined ? [] : ['--post-hook', postHook]),
  ];
}

/** The exit status of certificate.sh when no folder is served. */
const NO_WEBROOT = 81;

/** Requests the certificate with certbot. Throws the cause of a failure, in the authority's words where possible. */
export async function requestCertificate(remote: Remote, action: Certificate): Promise<void> {
  const { name, domain, domains, challenge, request } = action;
  const { webroot = '', acmeCa = '' } = request;
  const result = await remote.run(
    [
      `name=${quote(name)} domains=${quote(domains.join(' '))} challenge=${challenge} webroot=${quote(webroot)}`,
      `acme_ca=${quote(acmeCa)}`,
      `set -- ${certbotOptions(request).map(quote).join(' ')}`,
      scriptText('commit/certificate.sh'),
    ].join('\n'),
    { name: 'certbot', intent: 'write' },
  );
  if (result.code === 0) return;
  const said = words(result);
  if (result.code === NO_WEBROOT) {
    throw new HardenMailError(
      'PORT_BUSY',
      `the web server on ${remote.name} answers on port 80, but ${said.trim()}`,
      'Give --webroot the folder that it serves for these names. Mail works as before.',
    );
  }
  const known = certbotFailure(said);
  const why = known?.why ?? reasons(said, /Detail:|Error|rror:|Problem|refused|Could not/);
  const todo = known?.todo ?? 'Fix the cause and run again.';
  throw new HardenMailError(
    'CERTIFICATE_FAILED',
    `certbot got no certificate for ${domain}: ${why}`,
    `${todo} Mail works as before; ${PATHS.CERTBOT_LOG} on the host has the whole story.`,
  );
}
