import { HardenMailError } from '../errors.ts';
import type { Facts, Host, Policy } from '../model.ts';

/** What is wanted of a host: its inventory entry with every default filled in from what the host says of itself. */
export function policyFor(host: Host, facts: Facts): Policy {
  const domain = (host.domain ?? facts.hostname).toLowerCase();
  // The name goes into file names, configuration values and certbot's arguments, so it must be a host name and no more.
  if (!/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(domain)) {
    throw new HardenMailError(
      'DOMAIN_MISMATCH',
      `"${domain}" is not a full domain name, so no certificate can be had for it`,
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
