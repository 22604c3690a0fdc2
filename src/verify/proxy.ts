/** The PROXY protocol, version 1: a proxy names its client before the client's first byte (haproxy's proxy-protocol.txt). */
import { BlockList, isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { Finding } from '../model/index.ts';
import type { CheckId } from './checks/index.ts';

/** The addresses of a socket; a channel through SSH has none. */
type Ends = Partial<Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>>;

/**
 * The line for this connection, with its line end. It names this machine as the client; for a channel through SSH, the host itself.
 * @param port of the server, if the connection does not know it
 */
export function proxyLine({ localAddress, localPort, remoteAddress, remotePort }: Ends, port: number): string {
  const [from, to] = [plain(localAddress), plain(remoteAddress)];
  const family = isIP(from);
  if (family === 0 || family !== isIP(to)) return `PROXY TCP4 127.0.0.1 127.0.0.1 ${port} ${port}\r\n`;
  return `PROXY TCP${family} ${from} ${to} ${localPort ?? port} ${remotePort ?? port}\r\n`;
}

/** The plain address: without the `::ffff:` of an IPv4 address on an IPv6 socket, and without a zone. */
function plain(address = ''): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}

/** Is the address in one of these networks (`10.0.0.0/8 192.0.2.7`)? Words that are no address or network are ignored. */
export function isTrusted(networks: string, address: string | undefined): boolean {
  const own = plain(address);
  const family = isIP(own);
  if (family === 0) return false;
  const list = new BlockList();
  for (const network of networks.split(/[\s,]+/)) {
    const [net = '', bits] = network.replace(/^\[|\]/g, '').split('/');
    const kind = isIP(net);
    if (kind === 0) continue;
    const whole = kind === 4 ? 32 : 128;
    const size = Number(bits ?? whole);
    if (Number.isInteger(size) && size >= 0 && size <= whole) list.addSubnet(net, size, kind === 4 ? 'ipv4' : 'ipv6');
  }
  return list.check(own, family === 4 ? 'ipv4' : 'ipv6');
}

/** The checks that fail if a server does not accept our PROXY line. */
const TURNED_AWAY: readonly string[] = ['answers', 'tls'] satisfies CheckId[];

/**
 * A Dovecot that accepts the PROXY protocol only from its proxies does not answer other clients. That proves nothing, and it is no
 * fault: such failures become hints.
 * @param from by port: the networks that are trusted, and the address that we connected from
 */
export function unproven(
  findings: readonly Finding[],
  from: ReadonlyMap<number, { readonly trusted: string; readonly address: string | undefined }>,
): Finding[] {
  return findings.map((one) => {
    const proxy = from.get(one.port);
    if (!proxy || one.status !== 'fail' || !TURNED_AWAY.includes(one.check)) return one;
    if (isTrusted(proxy.trusted, proxy.address)) return one;
    const whom = proxy.trusted === '' ? 'nobody' : proxy.trusted;
    const text = `expects the PROXY protocol, and takes it from ${whom} (haproxy_trusted_networks): cannot be proved from here`;
    return { ...one, status: 'hint', text };
  });
}
