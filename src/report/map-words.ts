/** An exposure map in plain words, shared by the terminal and the page. */
import type { AuthOffer, ClientClass, Danger, Decision, Destination, ExposureMap, TlsLevel, Verdict, WayIn } from '../model/index.ts'; // oxfmt-ignore
import { DESTINATIONS, INFORMATION } from '../model/index.ts';
import { group } from './count.ts';

const LONE: Readonly<Record<ClientClass, string>> = {
  stranger: 'a stranger',
  'stranger-local-sender': 'a stranger with a local sender',
  network: 'a client in mynetworks',
  'network-local-sender': 'a client in mynetworks with a local sender',
  user: 'a user, own sender',
  'user-foreign-sender': "a user, somebody else's sender",
  'user-blocked': 'a blocked user',
  'network-user': 'a user in mynetworks',
};

const STRANGERS: readonly ClientClass[] = ['stranger', 'stranger-local-sender'];
const NETWORK: readonly ClientClass[] = ['network', 'network-local-sender'];
const SENDERS: readonly ClientClass[] = ['user', 'user-foreign-sender'];
const USERS: readonly ClientClass[] = [...SENDERS, 'user-blocked', 'network-user'];

/** Names for groups of classes with the same decision. The widest group comes first: its classes are then done. */
const TOGETHER: readonly (readonly [classes: readonly ClientClass[], name: string])[] = [
  [[...STRANGERS, ...NETWORK, ...USERS], 'everybody'],
  [[...STRANGERS, ...NETWORK], 'everybody without a login'],
  [USERS, 'every user with a login'],
  [[...NETWORK, 'network-user'], 'everybody in mynetworks'],
  [[...SENDERS, 'user-blocked'], 'every user outside mynetworks'],
  [STRANGERS, 'a stranger'],
  [NETWORK, 'a client in mynetworks'],
  [[...SENDERS, 'network-user'], 'a user, any sender'],
  [SENDERS, 'a user, any sender'],
];

/** `a stranger, a client in mynetworks` */
export function clientNames(classes: readonly ClientClass[]): string {
  const left = new Set(classes);
  const names: string[] = [];
  for (const [all, name] of TOGETHER) {
    if (!all.every((one) => left.has(one))) continue;
    all.forEach((one) => left.delete(one));
    names.push(name);
  }
  return [...names, ...[...left].map((one) => LONE[one])].join(', ');
}

export const DESTINATION_WORDS: Readonly<Record<Destination, string>> = {
  local: 'mail for this host',
  relay: 'mail for elsewhere',
};

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  accepted: 'accepted',
  checked: 'if a check permits',
  refused: 'refused',
  'no-login': 'no login here',
  unknown: 'not known',
};

/** One line, at most 78 characters. */
export const HOW_TO_READ = 'accepted: unless a check refuses. [1], [2] …: the checks → what decides.';

const TLS_WORDS: Readonly<Record<TlsLevel, string>> = {
  none: 'none',
  optional: 'STARTTLS is offered',
  required: 'STARTTLS is required',
  implicit: 'from the first byte',
};

/** The verdict for this class of client, and the number of the note with the reason; 0: no note. */
export interface Cell {
  readonly verdict: Verdict;
  readonly note: number;
}

export interface ClientRow {
  readonly clients: string;
  /** In the order of DESTINATIONS. */
  readonly cells: readonly Cell[];
}

/** The decisions of one way in: classes with the same decision share a row, equal reasons share a note. */
export interface DecisionTable {
  readonly rows: readonly ClientRow[];
  /** Note 1 comes first. */
  readonly notes: readonly string[];
}

export function decisionTable(decisions: readonly Decision[]): DecisionTable {
  const notes: string[] = [];
  const rows = [...group(decisions, ({ client }) => client).values()];
  const alike = [...group(rows, (row) => JSON.stringify(row.map(sameness))).values()];
  return {
    rows: alike
      .filter((all) => !isNoLoginAtAll(all))
      .map((all) => ({
        clients: clientNames(all.flatMap(([one]) => (one ? [one.client] : []))),
        cells: DESTINATIONS.flatMap((destination) => cell(all.flat().filter((one) => one.destination === destination))),
      })),
    notes,
  };

  /** For decisions that differ only in the restriction that refuses. */
  function cell(all: readonly Decision[]): Cell[] {
    const [first] = all;
    if (!first) return [];
    const note = noteOf(first, [...new Set(all.map(({ why }) => why))]);
    if (note !== '' && !notes.includes(note)) notes.push(note);
    return [{ verdict: first.verdict, note: notes.indexOf(note) + 1 }];
  }
}

/** The key by which decisions count as equal. Different lists may refuse clients without a login: the note names each list. */
function sameness({ client, destination, verdict, checks, why }: Decision): unknown {
  return [destination, verdict, checks, verdict === 'refused' && !USERS.includes(client) ? '' : why];
}

/** No class of users can log in; the line about logins already says so. */
function isNoLoginAtAll(rows: readonly (readonly Decision[])[]): boolean {
  return rows.length === USERS.length && rows.flat().every(({ verdict }) => verdict === 'no-login');
}

/** The checks in order, then what decides: `reject_rbl_client a → check_policy_service b → smtpd_…: permit_mynetworks`. */
function noteOf({ verdict, checks }: Decision, whys: readonly string[]): string {
  if (verdict === 'no-login') return '';
  if (verdict === 'unknown') return `not understood: ${whys.join(', ')}`;
  const decides = whys.map((why) => (why === 'no restriction decides' ? 'nothing refuses it' : why));
  return [...checks, decides.join(', or ')].join(' → ');
}

/** `*:25`, `[::1]:10025`; all addresses if there are several. */
export function endpoints({ addresses, port }: WayIn): string {
  const number = port === null ? '?' : String(port);
  return addresses.map((one) => `${one.includes(':') ? `[${one}]` : one}:${number}`).join(', ');
}

/** `smtp/inet (smtpd)`, `smtpd/pass (behind postscreen)`, `imap-login/imaps` */
export function entry({ id, program, behind }: WayIn): string {
  const more = [id.startsWith(program) ? '' : program, behind === '' ? '' : `behind ${behind}`]
    .filter(Boolean)
    .join(' ');
  return more === '' ? id : `${id} (${more})`;
}

/** The properties of a way in other than its decisions: a name and a text. */
export function wayFacts({ tls, auth, proxy, filters, certificates }: WayIn): [name: string, text: string][] {
  return [
    ['TLS', TLS_WORDS[tls]],
    ['login', loginWords(auth, tls)],
    ...(proxy === '' ? [] : [['proxy', `must be in front (${proxy})`] as [string, string]]),
    ...filters.map((one, at): [string, string] => [
      at === 0 ? 'filters' : '',
      one.startsWith('no_') ? `left out: ${one}` : one,
    ]),
    ...certificates.map((one, at): [string, string] => [at === 0 ? 'cert' : '', one]),
  ];
}

function loginWords({ offered, exceptions, type, path, mechanisms }: AuthOffer, tls: TlsLevel): string {
  if (offered === 'never') return 'not offered';
  const where = offered === 'always' ? 'offered, also without TLS' : tls === 'implicit' ? 'offered' : 'offered inside TLS only'; // oxfmt-ignore
  const how = mechanisms.length === 0 ? '' : `: ${mechanisms.join(' ').toUpperCase()}`;
  const except = exceptions === '' ? '' : `; not to ${exceptions}`;
  return `${where}${how}; ${backend(type, path)} decides${except}`;
}

function backend(type: string, path: string): string {
  if (/^passdb\b/.test(path)) return path;
  return path === '' ? type : `${type} at ${path}`;
}

const OUT_TLS: Readonly<Record<string, string>> = {
  none: 'no TLS',
  may: 'TLS where the other side offers it',
  dane: 'DANE where it is published, else TLS where the other side offers it',
  encrypt: 'TLS required, certificate not checked',
  'dane-only': 'DANE required',
  fingerprint: 'TLS required, certificate checked by its fingerprint',
  verify: 'TLS required, certificate checked',
  secure: 'TLS required, certificate checked by the next domain',
};

/** `may: TLS where the other side offers it` */
export function outTls(word: string): string {
  return OUT_TLS[word] === undefined ? word : `${word}: ${OUT_TLS[word]}`;
}

/** `mynetworks`, or a description if nothing sets it. */
export function networksWords({ networks }: ExposureMap): string {
  return networks === ''
    ? 'not set: mynetworks_style derives it from the interfaces'
    : networks.replace(/[\s,]+/g, ' ');
}

export function isInformation({ id }: Danger): boolean {
  return INFORMATION.includes(id);
}

/** The real dangers, and those that are information only, each in the map's order. */
export function splitDangers(dangers: readonly Danger[]): [dangers: Danger[], information: Danger[]] {
  return [dangers.filter((one) => !isInformation(one)), dangers.filter(isInformation)];
}
