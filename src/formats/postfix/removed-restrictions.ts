import { listMembers } from '../text/lists.ts';
import type { Restriction } from './restrictions.ts';

/** Restrictions that Postfix 3.9 removed: since then smtpd answers 451 "server configuration error" wherever one is reached. */
export const REMOVED_RESTRICTIONS = ['check_relay_domains', 'permit_naked_ip_address', 'reject_maps_rbl'] as const;

const FIRST = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9][0-9]?)';
const NEXT = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';

function nakedTable(answer: string): string {
  return `regexp:{{/^${FIRST}(\\.${NEXT}){3}$$/ ${answer}} {!/[^0-9.:]/ 501 5.5.2 invalid ip address}}`;
}

/**
 * Tables for a HELO name that is an IPv4 address without brackets; any other name of digits, dots and colons is refused.
 * `everywhere` is the meaning of permit_naked_ip_address, `here` permits only mail for this host.
 */
export const NAKED_TABLES = { everywhere: nakedTable('OK'), here: nakedTable('permit_auth_destination') } as const;

/**
 * The meaning of a removed restriction, in restrictions that Postfix still has (smtpd_check.c of 3.8); null for another
 * restriction. The tables in it need Postfix 3.7.
 * @param of reads a parameter, with `$name` expanded
 */
export function meaningOfRemoved({ name, warns }: Restriction, of: (name: string) => string): readonly string[] | null {
  const refusing = (text: string): string => (warns ? `warn_if_reject ${text}` : text);
  switch (name) {
    case 'reject_maps_rbl':
      return listMembers(of('maps_rbl_domains')).map((domain) => refusing(`reject_rbl_client ${domain}`));
    case 'permit_naked_ip_address':
      return [refusing(`check_helo_access ${NAKED_TABLES.everywhere}`)];
    case 'check_relay_domains': {
      // Postfix refuses the table without a blank between its members.
      const { names } = relayClients(of);
      const table = `check_client_access inline:{${names.map((one) => `{${one}=OK}`).join(' ')}}`;
      return [...(names.length > 0 ? [table] : []), 'permit_auth_destination', refusing('reject_unauth_destination')];
    }
    default:
      return null;
  }
}

/**
 * The clients that `check_relay_domains` let relay by the name in DNS: those in relay_domains.
 * `tables`: members of relay_domains that are not a plain name, and cannot be a table of clients.
 */
export function relayClients(of: (name: string) => string): {
  readonly names: readonly string[];
  readonly tables: readonly string[];
} {
  const members = listMembers(of('relay_domains'));
  const isName = (one: string): boolean => /^\.?[\w-]+(\.[\w-]+)*$/.test(one);
  const tables = members.filter((one) => !isName(one));
  // Where a domain does not stand for its subdomains, the table would have to be another one.
  const isUsual = of('parent_domain_matches_subdomains') === '';
  return isUsual ? { names: members.filter(isName), tables } : { names: [], tables: members };
}
