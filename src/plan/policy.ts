import { domainToASCII } from 'node:url';
import { HardenMailError } from '../errors.ts';
import type { Facts, Host, Policy } from '../model.ts';

/** A full host name: labels of letters, digits and inner dashes, and the last one no number. */
const HOST_NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/;

/** What is wanted of a host: its inventory entry with every default filled in from what the host says of itself. */
export function policyFor(host: Host, facts: Facts): Policy {
  const named = host.domain ?? facts.hostname;
  const domain = asciiName(named);
  // The name goes into file names, configuration values and certbot's arguments, so it must be a host name and no more.
  if (!HOST_NAME.test(domain)) {
    throw new HardenMailError(
      'DOMAIN_MISMATCH',
      `${JSON.stringify(named)} is not a full domain name, so no certificate can be had for it`,
      host.domain === undefined
        ? "It is what the host's Postfix calls itself (myhostname): set that, or give --domain."
        : 'Give --domain the name under which mail clients reach this host, such as mail.example.org.',
    );
  }
  return {
    profile: host.profile,
    domain,
    ...(host.email !== undefined && { email: host.email }),
    ...(host.acmeServer !== undefined && { acmeServer: host.acmeServer }),
  };
}

/** In small letters, without the root's dot, and with letters of other alphabets as DNS has them (xn--…). */
function asciiName(name: string): string {
  const plain = name.replace(/\.$/, '').toLowerCase();
  return /^[\x00-\x7f]*$/.test(plain) ? plain : domainToASCII(plain);
}
