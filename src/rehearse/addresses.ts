/**
 * The addresses of the host at which its daemons listen. The copy has each of them inside its own network namespace, and passes on
 * connections to its own address, so no route of any other machine changes.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { IMAP_PORTS, POP3_PORTS, SUBMISSION_PORTS, type Listener } from '../model/index.ts';
import { SIEVE_PORT } from './manage-sieve.ts';

/** As `ss` prints it, without brackets and zone; an IPv4 address in IPv6 form becomes plain. */
function bare(address: string): string {
  return address.replace(/^\[(.*)\]/, '$1').replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/i, ''); // oxfmt-ignore
}

/** Addresses that every machine has. */
const EVERYWHERE = /^(\*|0\.0\.0\.0|::|127\..*|::1)$/;
/** These exist together with an interface. */
const OF_AN_INTERFACE = /^(fe[89ab][0-9a-f]:|169\.254\.)/i;

const isPrivate = (address: string): boolean => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd])/i.test(address); // oxfmt-ignore

function isOfMail({ process, ours }: Listener): boolean {
  return /^(master|dovecot)$/.test(process) && ours !== false;
}

/** Listeners of Postfix and Dovecot at certain addresses. */
function bound(listeners: readonly Listener[]): Listener[] {
  return listeners.filter((one) => isOfMail(one) && !EVERYWHERE.test(bare(one.address)));
}

/** A copy with more addresses than this is not made. */
const MOST = 64;

export interface Ungiven {
  readonly listener: Listener;
  readonly ports: readonly number[];
  readonly why: string;
}

/** An address of Postfix or Dovecot that a copy cannot have; null: it can have all. */
export function ungiven(listeners: readonly Listener[]): Ungiven | null {
  const own = bound(listeners);
  const refused = (listener: Listener | undefined, why: string): Ungiven | null => {
    const ports = own.flatMap(({ address, port }) => (address === listener?.address ? [port] : []));
    return listener ? { listener, ports: [...new Set(ports)], why } : null;
  };
  const local = own.find(({ address }) => isIP(bare(address)) === 0 || OF_AN_INTERFACE.test(bare(address)));
  if (local) return refused(local, 'an address that exists on an interface of the host only');
  const all = new Set(own.map(({ address }) => bare(address)));
  return all.size > MOST ? refused(own[0], `one of ${all.size} addresses: a copy has at most ${MOST}`) : null;
}

export interface Forward {
  readonly port: number;
  /** IPv4. */
  readonly to: string;
}

export interface Addresses {
  /** Those that the copy gets; empty for a host whose daemons listen everywhere. */
  readonly given: readonly string[];
  readonly forwards: readonly Forward[];
  /** The addresses at which no session is held, in sentences. */
  readonly notes: readonly string[];
}

/** Ports that serve the same users, the closest first: a port that apply opens listens where one of them does. */
const FAMILIES: readonly (readonly number[])[] = [
  [...SUBMISSION_PORTS, 25],
  [...IMAP_PORTS, ...POP3_PORTS, SIEVE_PORT],
];

/** @param reached the address at which the control machine reaches the host */
export function copyAddresses(listeners: readonly Listener[], reached: string): Addresses {
  const mail = bound(listeners);
  if (mail.length === 0) return { given: [], forwards: [], notes: [] };
  // Stubs of other programs listen where the programs do.
  const all = [...mail, ...listeners].map(({ address }) => bare(address));
  const given = [...new Set(all.filter((one) => isIP(one) > 0 && !EVERYWHERE.test(one) && !OF_AN_INTERFACE.test(one)))].slice(0, MOST); // oxfmt-ignore
  const targets = new Map<number, string>();
  const notes: string[] = [];
  // `[::]` is IPv6 only: `ss` prints `*` for a socket of both families.
  const isEverywhere = (port: number): boolean => listeners.some((one) => one.port === port && isOfMail(one) && /^(\*|0\.0\.0\.0)$/.test(bare(one.address))); // oxfmt-ignore
  for (const port of [...new Set(mail.map((one) => one.port))].sort((one, other) => one - other)) {
    if (isEverywhere(port)) continue;
    const at = [...new Set(mail.flatMap((one) => (one.port === port ? [bare(one.address)] : [])))];
    const [to] = at.filter(isIPv4).toSorted((one, other) => rank(one, reached) - rank(other, reached));
    if (to !== undefined) targets.set(port, to);
    const left = at.filter((one) => one !== to);
    if (left.length > 0) notes.push(`${left.join(', ')}, port ${port}: ${to === undefined ? 'the copy is reached by IPv4 only' : `the sessions of the rehearsal are those at ${to}`}`); // oxfmt-ignore
  }
  for (const family of FAMILIES) {
    const next = family.find((port) => targets.has(port));
    const to = next === undefined ? undefined : targets.get(next);
    for (const port of family) {
      const isServed = listeners.some((one) => one.port === port);
      if (to !== undefined && !isServed && !targets.has(port)) targets.set(port, to);
    }
  }
  const forwards = [...targets].map(([port, to]) => ({ port, to })).toSorted((one, other) => one.port - other.port);
  return { given, forwards, notes };
}

/** The address that the control machine uses, else a public one. */
function rank(address: string, reached: string): number {
  return address === reached ? 0 : isPrivate(address) ? 2 : 1;
}

/**
 * Run on the copy before its daemons start. The addresses are on its loopback interface. Its own packets have its own address, so that
 * no answer to them goes to the real host.
 */
export function addressScript({ given, forwards }: Addresses, own: string): string {
  if (given.length === 0) return '';
  return `set -e
${given.map((one) => (isIPv6(one) ? `ip -6 addr add ${one}/128 dev lo nodad` : `ip addr add ${one}/32 dev lo`)).join('\n')}
nft -f - <<'END OF RULES'
table ip rehearsal {
  chain arriving {
    type nat hook prerouting priority -100
${forwards.map(({ port, to }) => `    iifname "eth0" ip daddr ${own} tcp dport ${port} dnat to ${to}`).join('\n')}
  }
  chain leaving {
    type nat hook postrouting priority 100
    oifname "eth0" ip saddr != ${own} snat to ${own}
  }
}
END OF RULES
`;
}

/** The network of a rehearsal has a /28 of its own. @returns an address of the host that is among them */
export function taken({ given }: Addresses, own: string): string | undefined {
  const block = (address: string): string => address.replace(/\d+$/, (last) => String(Number(last) >> 4));
  return given.find((one) => block(one) === block(own));
}
