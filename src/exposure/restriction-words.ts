/** Facts about one restriction of smtpd, from its words alone (postconf(5), smtpd_check.c). */
import { NAKED_TABLES } from '../formats/postfix/removed-restrictions.ts';
import type { Restriction } from '../formats/postfix/restrictions.ts';
import { splitWords } from '../formats/text/split-words.ts';
import type { Client } from './clients.ts';
import type { Parameters } from './config.ts';
import type { StageName } from './restriction-lists.ts';

/** postconf(5): the names of all restrictions, including old spellings and removed ones. */
const RESTRICTIONS =
  /^(permit|reject|defer|sleep|defer_if_(permit|reject)|permit_(mynetworks|sasl_authenticated|auth_destination|inet_interfaces|mx_backup|naked_ip_address|tls_(all_)?clientcerts|dnswl_client|rhswl_client)|(reject|defer)_unauth_destination|check_(policy_service|relay_domains|recipient_maps|(ccert|sasl|etrn)_access|(client|helo|sender|recipient|reverse_client_hostname)_((a|mx|ns)_)?access)|reject_(maps_rbl|rbl_client|rhsbl_(client|reverse_client|helo|sender|recipient)|unknown_((forward_|reverse_)?client_hostname|client|address|(helo_)?hostname|(sender|recipient)_domain)|(invalid|non_fqdn)_(helo_)?hostname|non_fqdn_(sender|recipient)|un(listed|verified)_(sender|recipient)|((un)?authenticated_|known_)?sender_login_mismatch|multi_recipient_bounce|plaintext_session|unauth_pipelining))$/;

export function isRestriction(name: string): boolean {
  return name === '' || name.includes(':') || RESTRICTIONS.test(name);
}

/** Names of checks that look only at the client; they do not concern authenticated users. */
const ABOUT_STRANGERS =
  /^(reject_(rbl_client|rhsbl_(client|reverse_client|helo)|unknown_(client|client_hostname|reverse_client_hostname|hostname|helo_hostname)|invalid_(hostname|helo_hostname)|non_fqdn_(hostname|helo_hostname))|check_(helo|helo_\w+|reverse_client_\w+|client_(ns|mx|a))_access|permit_\w+)$/;

export function isAboutStrangers(name: string): boolean {
  return ABOUT_STRANGERS.test(name);
}

/** The subject that a bare table in a list looks up; other lists accept no bare table. */
export const SUBJECTS: Partial<Record<StageName, string>> = {
  client: 'client',
  helo: 'helo',
  sender: 'sender',
  relay: 'recipient',
  recipient: 'recipient',
};

/** The identity of a check: its words. A bare table is `check_…_access` of its list. */
export function idOf({ name, argument, text, warns }: Restriction): string {
  const isNaked = argument === NAKED_TABLES.everywhere || argument === NAKED_TABLES.here;
  if (isNaked) return `${warns ? 'warn_if_reject ' : ''}permit_naked_ip_address`;
  const words = argument === '' ? (name.includes(':') ? text : name) : `${name} ${argument}`;
  return `${warns ? 'warn_if_reject ' : ''}${words}`;
}

/** The name as written, because class names are case-sensitive. */
export function wordOf({ text, warns }: Restriction): string {
  const words = text.split(' ');
  return (warns && /^warn_if_reject$/i.test(words[0]!) ? words[1] : words[0]) ?? '';
}

export function isClass(one: Restriction, parameters: Parameters): boolean {
  return parameters.of('smtpd_restriction_classes').split(/[\s,]+/).includes(wordOf(one)); // oxfmt-ignore
}

/** The answer of a `static:` table to every client; null for other tables, and for actions that are not plain answers. */
export function alwaysSays({ name, argument }: Restriction): 'permit' | 'refuse' | 'dunno' | null {
  const table = name.includes(':') ? name : /^check_\w+_access$/.test(name) ? argument : '';
  const [, said] = /^static:(ok|permit|reject|defer|dunno)$/i.exec(table) ?? [];
  if (said === undefined) return null;
  return /^(ok|permit)$/i.test(said) ? 'permit' : /^dunno$/i.test(said) ? 'dunno' : 'refuse';
}

export const ONLY_PERMITS = /^(ok|permit|dunno)$/i;
export const ONLY_REFUSES = /^(reject|defer|dunno|[45]\d\d)(\s|$)/i;

/** The answers of a table that stands in the list itself (`cidr:{{10.0.0.0/8 OK}}`); of another table, one that is not known. */
export function inlineAnswers({ argument }: Restriction): readonly string[] {
  const [, type, rules = ''] = /^(cidr|regexp|pcre|inline):\{(.*)\}$/.exec(argument) ?? [];
  const words = type === undefined ? [] : splitWords(rules.replaceAll('}{', '} {'), ' \t,').map(({ text }) => text.slice(1, -1).trim()); // oxfmt-ignore
  const answers = words.map((rule) => (type === 'inline' ? /^[^=]*=\s*(.*)$/ : /^\S+\s+(.*)$/).exec(rule)?.[1] ?? '');
  return answers.length > 0 ? answers : [''];
}

/** Does the restriction refuse this client's sender? A foreign sender belongs to another user. */
export function mismatches(name: string, client: Client, parameters: Parameters): boolean {
  const owned = parameters.of('smtpd_sender_login_maps') !== '';
  const known = name === 'reject_known_sender_login_mismatch';
  const loggedIn = client.login !== 'none';
  if (loggedIn && name === 'reject_unauthenticated_sender_login_mismatch') return false;
  if (!loggedIn && name === 'reject_authenticated_sender_login_mismatch') return false;
  // Without a table no user owns any address, not even their own.
  if (loggedIn) return owned ? client.login === 'foreign' : !known;
  return owned && client.localSender;
}
