import { domainToASCII } from 'node:url';
import { HardenMailError } from '../model/errors.ts';
import { WISHES, type Facts, type Host, type Policy, type Profile, type Sni, type Wish } from '../model/index.ts';
import type { ProfileRecord } from './profile/record.ts';

/** A full host name: labels of letters, digits and inner dashes; the last label begins with a letter. */
const HOST_NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;

/**
 * The target state of a host: its inventory entry, with each default filled in from the host's facts and record.
 * @throws DOMAIN_MISMATCH for a name that is not a full domain name; USAGE for options that contradict each other
 */
export function policyFor(host: Host, facts: Facts, recorded?: Partial<ProfileRecord>): Policy {
  const domain = checkedName(
    host.domain ?? facts.hostname,
    host.domain === undefined
      ? "It is what the host's Postfix calls itself (myhostname): set that, or give --domain."
      : 'Give --domain the name under which mail clients reach this host, such as mail.example.org.',
  );
  const others = (host.domains ?? []).map((name) => checkedName(name, 'Fix it in domains, or in --domains.'));
  const { request, cert, key, replace = [], serve = [], noServe = [] } = host;
  const both = serve.find((one) => noServe.includes(one));
  if (both !== undefined) {
    const what = `--serve and --no-serve both name ${both}`;
    throw new HardenMailError('USAGE', what, 'Name it in one of them. Nothing was written.');
  }
  const profile = host.profile ?? recorded?.profile ?? 'standard';
  const asked = wishes(host, profile, recorded?.asked ?? []);
  const domains = [...new Set([domain, ...others])];
  const sni = additionalNames(host.sni ?? recorded?.sni ?? [], domains);
  return {
    profile,
    ...(asked.length > 0 && { asked }),
    ...(replace.length > 0 && { replace }),
    ...(serve.length > 0 && { serve }),
    ...(noServe.length > 0 && { noServe }),
    domain,
    domains,
    ...(request && { request }),
    ...(cert !== undefined && key !== undefined && { own: { cert, key } }),
    ...(sni.length > 0 && { sni }),
  };
}

/** The additional names, checked: each name has one certificate. */
function additionalNames(entries: readonly Sni[], domains: readonly string[]): Sni[] {
  const taken = new Set(domains);
  return entries.map((entry) => {
    const names = [...new Set(entry.names.map((name) => checkedName(name, 'Fix it in sni.')))];
    const twice = names.find((name) => taken.has(name));
    if (twice !== undefined) {
      throw new HardenMailError(
        'USAGE',
        `${twice} would have two certificates: it stands in sni, and ${domains.includes(twice) ? 'is the domain or one of domains' : 'once more in sni'}`,
        'Leave it in one place. Nothing was written.',
      );
    }
    for (const name of names) taken.add(name);
    return { ...entry, names };
  });
}

/**
 * The opt-ins of this run; an opt-in that this run does not mention is as it was last applied. Only strict has opt-ins.
 * @throws USAGE for an opt-in with another profile
 */
function wishes({ requireTlsInbound, pop3 }: Host, profile: Profile, before: readonly Wish[]): Wish[] {
  const said: Partial<Record<Wish, boolean | undefined>> = {
    'require-tls-inbound': requireTlsInbound,
    'no-pop3': pop3 === undefined ? undefined : !pop3,
  };
  if (profile === 'strict') return WISHES.filter((wish) => said[wish] ?? before.includes(wish));
  const [wish] = WISHES.filter((one) => said[one]);
  if (wish === undefined) return [];
  throw new HardenMailError(
    'USAGE',
    `--${wish} is a part of --profile strict`,
    'Add --profile strict, or leave the option out.',
  );
}

/** The name becomes part of file names, configuration values and certbot's arguments, so it must be a plain host name. */
function checkedName(named: string, hint: string): string {
  const name = asciiName(named);
  if (HOST_NAME.test(name)) return name;
  const what = `${JSON.stringify(named)} is not a full domain name, so no authority issues a certificate for it`;
  throw new HardenMailError('DOMAIN_MISMATCH', what, hint);
}

/** The name in lower case, without the trailing dot, and with non-ASCII letters as DNS has them (xn--…). */
function asciiName(name: string): string {
  const plain = name.replace(/\.$/, '').toLowerCase();
  return /^[\x00-\x7f]*$/.test(plain) ? plain : domainToASCII(plain);
}
