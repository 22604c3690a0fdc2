import { DEPRECATION, NOTES, type PostfixRule } from './rule.ts';

const REFUSES = 'smtpd answers 451 4.3.5 "Server configuration error" as soon as a list reaches it';

export const RESTRICTION_RULES: readonly PostfixRule[] = [
  {
    what: 'reject_maps_rbl',
    kind: 'restriction',
    since: '3.9',
    state: 'removed',
    instead: '`reject_rbl_client DOMAIN` for each domain of `maps_rbl_domains`',
    step: { how: 'meaning' },
    task: 'sasl',
    why: `${REFUSES}. It asked each domain of maps_rbl_domains about the client's address, as reject_rbl_client does.`,
    source: `${DEPRECATION}, reject_maps_rbl; ${NOTES('3.9')}, 20240218`,
  },
  {
    what: 'check_relay_domains',
    kind: 'restriction',
    since: '3.9',
    state: 'removed',
    instead:
      '`permit_auth_destination, reject_unauth_destination` (the second alone at the end of a list); before it `check_client_access inline:{…}` with the plain names of `relay_domains`',
    step: { how: 'meaning' },
    task: 'sasl',
    why: `${REFUSES}. It permitted mail for this host's domains, and mail for any domain from clients whose name is in relay_domains, and refused all other mail: a restriction behind it was never reached. Clients that only a table in relay_domains names lose the right to relay, and a warning names the table: as a table of clients it would be asked about addresses too, and its right-hand sides, which relay_domains ignores, would be answers of their own.`,
    source: `${DEPRECATION}, check_relay_domains; ${NOTES('3.9')}, 20240218`,
  },
  {
    what: 'permit_naked_ip_address',
    kind: 'restriction',
    since: '3.9',
    state: 'removed',
    instead:
      '`check_helo_access regexp:{…}`, which permits an IPv4 address as HELO name and refuses an invalid one; where that would let strangers relay, it permits only mail for this host',
    step: { how: 'meaning' },
    task: 'sasl',
    why: `${REFUSES}. It permitted every client that gives an address without brackets as its HELO name. Where that decided about relaying, everybody could relay who wrote four numbers into HELO: apply does not write that again, permits only mail for this host there, and a warning says so.`,
    source: `${DEPRECATION}, permit_naked_ip_address; ${NOTES('3.9')}, 20240218`,
  },
  {
    what: 'permit_mx_backup',
    kind: 'restriction',
    since: '3.9',
    state: 'deprecated',
    instead: '`relay_domains`, with the names of the domains',
    step: {
      how: 'tell',
      level: 'warning',
      todo: 'name the domains for which this host is a backup MX in relay_domains: DNS, not these files, says which they are',
    },
    task: 'sasl',
    why: 'smtpd logs a warning and still accepts it. A later version will remove it.',
    source: `${DEPRECATION}, permit_mx_backup; ${NOTES('3.9')}, 20240218`,
  },
];
