/** Cases of the exposure map as files of Postfix, tables, policy services and sessions. */

import { CLIENTS } from '../../src/exposure/clients.ts';
import { CLIENT_CLASSES, DESTINATIONS, type ClientClass, type Destination } from '../../src/model/index.ts';

/** What a table or a policy service says; a check that a case does not mention says DUNNO. */
export type Said = 'OK' | 'REJECT' | 'DEFER' | 'DUNNO';
export type Saids = Readonly<Record<string, Said>>;

/**
 * One way in: a smtpd with these `-o` options. Values may name checks: `{p1}` is a policy service, `{client1}`, `{helo1}`,
 * `{sender1}`, `{recipient1}` and `{sasl1}` are tables of that kind.
 */
export interface Entry {
  /** What is tried, as a sentence. */
  readonly sentence: string;
  readonly options: Readonly<Record<string, string>>;
  readonly answers: Saids;
  /** The entry's address; `postscreen` in front of a `smtpd pass`; `haproxy`; empty for an entry of just a port. */
  readonly front?: string;
}

/** Ways in that share a main.cf. */
export interface Batch {
  readonly main: Readonly<Record<string, string>>;
  /** Of the checks that main.cf names. */
  readonly answers: Saids;
  readonly entries: readonly Entry[];
}

/** For `silent` every check says DUNNO, for `scripted` what the case fixes. Only the tables' keys and the names differ. */
export const PERSONAS = ['silent', 'scripted'] as const;
export type Persona = (typeof PERSONAS)[number];

export interface SessionSpec {
  readonly id: string;
  readonly entry: number;
  readonly client: ClientClass;
  readonly destination: Destination;
  readonly persona: Persona;
  readonly address: string;
  readonly port: number;
  readonly source: string;
  /** Of the probe whose findings hold for this client. */
  readonly network: string;
  readonly helo: string;
  readonly user: string;
  readonly sender: string;
  readonly recipient: string;
  readonly data: boolean;
  readonly proxied: boolean;
}

export interface Rendered {
  readonly main: string;
  readonly master: string;
  /** The shell command that makes Postfix take up the files. */
  readonly activate: string;
  readonly files: Readonly<Record<string, string>>;
  readonly policies: Readonly<Record<string, Said>>;
  readonly entries: readonly {
    readonly address: string;
    readonly port: number;
    readonly wraps: boolean;
    readonly proxied: boolean;
  }[];
  readonly clients: readonly { readonly name: string; readonly source: string; readonly user: string }[];
  readonly sessions: readonly SessionSpec[];
  /** What each check says, by its words in the map. */
  readonly saids: ReadonlyMap<string, Said>;
}

const TABLES = '/etc/postfix/oracle';
const SOCKETS = '/run/oracle';
/** RFC 2544's range, on the host's own loopback interface. */
export const ADDRESSES = ['198.19.0.7', '198.19.0.8', '198.19.1.7', '198.19.1.8', '198.19.2.1', '198.19.2.2'];

/** Names of the personas: what tables look for. */
const WORLD = {
  silent: { host: 7, suffix: '' },
  scripted: { host: 8, suffix: '2' },
} as const;

export const USERS = ['alice', 'bob', 'mallory', 'alice2', 'bob2', 'mallory2'];
export const OWNERS = USERS.map((user) => `${user}@local${user.endsWith('2') ? '2' : ''}.test ${user}\n`).join('');

const MAIN: Readonly<Record<string, string>> = {
  compatibility_level: '3.6',
  queue_directory: '/var/spool/postfix',
  myhostname: 'oracle.test',
  mydestination: 'local.test, local2.test',
  mynetworks: '198.19.1.0/24',
  local_recipient_maps: '',
  alias_maps: '',
  local_transport: 'discard:',
  default_transport: 'discard:',
  relay_transport: 'discard:',
  smtpd_sasl_type: 'dovecot',
  smtpd_sasl_path: 'private/auth',
  smtpd_sasl_auth_enable: 'yes',
  smtpd_sender_login_maps: `texthash:${TABLES}/owners`,
  smtpd_tls_cert_file: '/etc/ssl/certs/ssl-cert-snakeoil.pem',
  smtpd_tls_key_file: '/etc/ssl/private/ssl-cert-snakeoil.key',
  smtpd_tls_security_level: 'may',
  smtpd_error_sleep_time: '0',
  smtpd_client_connection_count_limit: '0',
  smtpd_policy_service_max_idle: '1000s',
  notify_classes: '',
  max_idle: '8s',
};

const SERVICES = `
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
proxymap  unix  - - n - - proxymap
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
dnsblog   unix  - - n - 0 dnsblog
tlsproxy  unix  - - n - 0 tlsproxy
`;

const TOKEN = /\{(p|client|helo|sender|recipient|sasl)(\d+)\}/g;

/** The words of a check in a restriction list: `{p1}` of the entry `1/2` → `check_policy_service unix:/run/oracle/1/2/p1`. */
export function wordsOf(kind: string, number: string, scope: string): string {
  if (kind === 'p') return `check_policy_service unix:${SOCKETS}/${scope}/p${number}`;
  return `check_${kind}_access texthash:${TABLES}/${scope}/${kind}${number}`;
}

/**
 * @param key one of its own for each batch on a host: smtpds that still run with the batch before must not be met
 * @param firstPort the entries listen on it and the ports behind it
 */
export function render(batch: Batch, key: string, firstPort: number): Rendered {
  const files: Record<string, string> = { [`${TABLES}/owners`]: OWNERS };
  const policies: Record<string, Said> = { [`${SOCKETS}/shared`]: 'DUNNO' };
  const saids = new Map<string, Said>();
  const fill = (value: string, scope: string, answers: Saids): string =>
    value.replace(TOKEN, (_, kind: string, number: string) => {
      const said = answers[`${kind}${number}`] ?? 'DUNNO';
      const words = wordsOf(kind, number, scope);
      if (kind === 'p') policies[`${SOCKETS}/${scope}/p${number}`] = said;
      else files[`${TABLES}/${scope}/${kind}${number}`] = table(kind, said);
      saids.set(words, said);
      return words;
    });
  const main = Object.entries({ ...MAIN, ...batch.main }).filter(([, value]) => value !== UNSET);
  const mainText = main.map(([name, value]) => `${name} = ${fill(value, `${key}/main`, batch.answers)}\n`).join('');
  const entries = batch.entries.map((entry, at) => placeOf(entry, firstPort + at));
  const master = batch.entries.map((entry, at) => {
    const options = Object.entries(entry.options).map(
      ([name, value]) => `  -o { ${name} = ${fill(value, `${key}/${at}`, entry.answers)} }\n`,
    );
    const { name, port } = entries[at]!;
    if (entry.front !== 'postscreen') return `${name} inet n - n - - smtpd\n${options.join('')}`;
    // A name of its own: of the batch before an smtpd may still be there.
    const own = `  -o postscreen_access_list=static:permit\n  -o smtpd_service_name=pass${port}\n`;
    return `${port} inet n - n - 1 postscreen\n${own}pass${port} pass - - n - - smtpd\n${options.join('')}`;
  });
  return {
    main: mainText,
    master: SERVICES + master.join(''),
    // inet_interfaces is read at start.
    activate:
      'inet_interfaces' in batch.main
        ? 'postfix stop; postfix start'
        : 'kill -HUP $(cat /var/spool/postfix/pid/master.pid)',
    files,
    policies,
    entries: entries.map(({ address, port }, at) => {
      const { options, front } = batch.entries[at]!;
      const wraps = (options['smtpd_tls_wrappermode'] ?? batch.main['smtpd_tls_wrappermode']) !== undefined;
      return { address, port, wraps, proxied: front === 'haproxy' };
    }),
    clients: [
      { name: 'stranger', source: '198.19.0.7', user: 'alice' },
      { name: 'network', source: '198.19.1.7', user: 'alice' },
    ],
    sessions: batch.entries.flatMap((entry, at) => sessionsOf(batch, entry, at, entries[at]!)),
    saids,
  };
}

/** A value that takes a parameter of the base out of main.cf. */
export const UNSET = '\0unset';

function placeOf({ front = '' }: Entry, port: number): { name: string; address: string; port: number } {
  if (['', 'postscreen', 'haproxy'].includes(front)) return { name: String(port), address: '127.0.0.1', port };
  return { name: `${front}:${port}`, address: front, port };
}

function table(kind: string, said: Said): string {
  const keys: Readonly<Record<string, readonly string[]>> = {
    client: ['198.19.0.8', '198.19.1.8'],
    helo: ['scripted.test'],
    sender: ['away2.test', 'local2.test'],
    recipient: ['local2.test', 'elsewhere2.test'],
    sasl: ['alice2', 'bob2'],
  };
  const blocked = kind === 'sasl' ? ['mallory REJECT', 'mallory2 REJECT'] : [];
  return [...keys[kind]!.map((word) => `${word} ${said}`), ...blocked].map((line) => `${line}\n`).join('');
}

function sessionsOf(
  batch: Batch,
  entry: Entry,
  at: number,
  { address, port }: { readonly address: string; readonly port: number },
): SessionSpec[] {
  const data = /smtpd_(data|end_of_data)_restrictions/.test(JSON.stringify([batch.main, entry.options]));
  // Without a check the two personas are the same.
  const checks = /\{(p|client|helo|sender|recipient|sasl)\d+\}/.test(JSON.stringify([batch.main, entry.options]));
  return PERSONAS.slice(0, checks ? 2 : 1).flatMap((persona) =>
    CLIENT_CLASSES.flatMap((client) =>
      DESTINATIONS.map((destination): SessionSpec => {
        const { network, login, localSender, blocked } = CLIENTS[client];
        const { host, suffix } = WORLD[persona];
        const user = login === 'none' ? '' : `${blocked ? 'mallory' : 'alice'}${suffix}`;
        const owner = login === 'foreign' ? `bob${suffix}` : user === '' ? `alice${suffix}` : user;
        return {
          id: `${at}/${client}/${destination}/${persona}`,
          entry: at,
          client,
          destination,
          persona,
          address,
          port,
          source: `198.19.${network ? 1 : 0}.${host}`,
          network: network ? 'network' : 'stranger',
          helo: `${persona}.test`,
          user,
          sender: localSender ? `${owner}@local${suffix}.test` : `s@away${suffix}.test`,
          recipient: destination === 'local' ? `r@local${suffix}.test` : `r@elsewhere${suffix}.test`,
          data,
          proxied: entry.front === 'haproxy',
        };
      }),
    ),
  );
}
