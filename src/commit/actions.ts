import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { HardenMailError } from '../errors.ts';
import type { Action, Facts } from '../model.ts';
import { quote } from '../remote/quote.ts';
import type { Remote, RemoteResult } from '../remote/remote.ts';

type Certificate = Extract<Action, { kind: 'certificate' }>;

const script = (name: string): string => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8');

/** Installs packages with the host's apt. Throws APT_LOCKED or INSTALL_FAILED with apt's own words. */
export async function installPackages(remote: Remote, packages: readonly string[], facts: Facts): Promise<void> {
  const result = await remote.run(
    [`packages=${quote(packages.join(' '))}`, `mailname=${quote(facts.hostname)}`, script('install.sh')].join('\n'),
    { intent: 'write' },
  );
  if (result.code === 0) return;
  const said = words(result);
  const holder = /held by process (\d+ \([^)]*\))/.exec(said)?.[1];
  if (holder !== undefined || /Could not get lock/.test(said)) {
    throw new HardenMailError(
      'APT_LOCKED',
      `apt on ${remote.name} is in use${holder === undefined ? '' : ` by process ${holder}`}`,
      'Nothing was written. Run again when it is done.',
    );
  }
  throw new HardenMailError(
    'INSTALL_FAILED',
    `apt on ${remote.name} could not install ${packages.join(', ')}: ${reasons(said, /^(E|dpkg|Err)[: ]/)}`,
    'No configuration was written. Mend apt on the host (apt-get -f install) and run again.',
  );
}

/** Looks, without writing, whether a certificate authority could reach the host by the name. Throws what would fail. */
export async function preflight(remote: Remote, { domain }: Certificate): Promise<void> {
  const { stdout } = await remote.run(`domain=${quote(domain)}\n${script('preflight.sh')}`, { intent: 'read' });
  const lines = stdout.toString('latin1').split('\n');
  const all = (word: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const busy = all('busy');
  if (busy.length > 0) {
    throw new HardenMailError(
      'PORT_BUSY',
      `port 80 on ${remote.name} is held by ${busy.join(', ')}, so certbot cannot answer the certificate authority there`,
      `Stop it for the moment, or get a certificate for ${domain} with certbot's own plugin for it; then run again. Nothing was written.`,
    );
  }
  const here = new Set([...all('own'), remote.address]);
  const resolved = await addressesOf(domain, all('resolves'));
  if (resolved.some((address) => here.has(address))) return;
  throw new HardenMailError(
    'DOMAIN_MISMATCH',
    resolved.length === 0
      ? `${domain} does not resolve to any address, so no certificate can be had for it`
      : `${domain} resolves to ${resolved.join(', ')}, which is not ${remote.name} (${[...here].join(', ')})`,
    'Point its A or AAAA record to the host, or give --domain the name that does. Nothing was written.',
  );
}

/** By the host's name server; where that knows nothing, or only of the host itself, by ours. */
async function addressesOf(domain: string, seenByHost: readonly string[]): Promise<string[]> {
  const outside = seenByHost.filter((address) => !/^(127\.|::1$)/.test(address));
  if (outside.length > 0) return outside;
  const found = await lookup(domain, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** Has certbot get the certificate. Throws CERTIFICATE_FAILED with the authority's own reason. */
export async function requestCertificate(
  remote: Remote,
  { name, domain, email, acmeServer }: Certificate,
): Promise<void> {
  const contact = email === undefined ? ['--register-unsafely-without-email'] : ['--email', email];
  const server = acmeServer === undefined ? [] : ['--server', acmeServer];
  const result = await remote.run(
    [
      `name=${quote(name)} domain=${quote(domain)}`,
      `set -- ${[...contact, ...server].map(quote).join(' ')}`,
      script('certificate.sh'),
    ].join('\n'),
    { intent: 'write' },
  );
  if (result.code === 0) return;
  throw new HardenMailError(
    'CERTIFICATE_FAILED',
    `certbot got no certificate for ${domain}: ${reasons(words(result), /Detail:|Error|rror:|Problem|refused|Could not/)}`,
    'Mail works as before. /var/log/letsencrypt/letsencrypt.log on the host has the whole story; run again when it is mended.',
  );
}

function words({ stdout, stderr }: RemoteResult): string {
  return `${stdout.toString()}\n${stderr.toString()}`;
}

/** The lines that tell the cause, else the last ones; on one line. */
function reasons(said: string, telling: RegExp): string {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const chosen = lines.filter((line) => telling.test(line));
  return (chosen.length > 0 ? chosen.slice(0, 3) : lines.slice(-2)).join(' ') || 'it said nothing';
}
