import { getServers, Resolver } from 'node:dns';
import { connect } from 'node:net';
import { promisify } from 'node:util';

/** A TLSA record (RFC 6698); `data` is in hex. */
export interface Tlsa {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  readonly data: string;
}

/** Values of the `issue` properties of a CAA record set (RFC 8659). */
export type Caa = readonly string[];

/** The published records. Rejects, or returns nothing, if there are none or no server answers. */
export interface Published {
  tlsa(name: string): Promise<readonly Tlsa[]>;
  /** The records of the nearest name upwards that has any. */
  caa(name: string): Promise<{ readonly at: string; readonly issuers: Caa } | null>;
}

const TIMEOUT = 2000;

/** Asks this machine's resolvers. `servers` as in `dns.getServers`: `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:53`. */
export function resolverOf(servers: readonly string[] = getServers()): Published {
  const resolver = new Resolver({ timeout: TIMEOUT, tries: 1 });
  resolver.setServers(servers);
  const ask = promisify(resolver.resolveCaa.bind(resolver));
  return {
    async tlsa(name) {
      const [server = '127.0.0.1'] = servers;
      return records(await overTcp(server, query(name)));
    },
    async caa(name) {
      for (let at = name; at.includes('.'); at = at.slice(at.indexOf('.') + 1)) {
        const found = await ask(at).catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENODATA' || error.code === 'ENOTFOUND') return [];
          throw error;
        });
        const issuers = found.flatMap(({ issue }) => (issue === undefined ? [] : [issue.split(';')[0]!.trim()]));
        if (found.length > 0) return { at, issuers };
      }
      return null;
    },
  };
}

// ── TLSA by hand: Node 20 has no function for it. One question over TCP, which truncates no answer (RFC 1035, 4; RFC 7766) ──

const TLSA = 52;

function query(name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]);
  // One question, recursion desired; type, class IN.
  const message = Buffer.concat([
    Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, 0, TLSA, 0, 1]),
  ]);
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);
}

function overTcp(server: string, message: Buffer): Promise<Buffer> {
  const [, six, four, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(server) ?? [];
  return new Promise((resolve, reject) => {
    const socket = connect({ host: six ?? four ?? server, port: Number(port ?? 53), timeout: TIMEOUT });
    let answer = Buffer.alloc(0);
    socket.once('connect', () => socket.write(message));
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 2 || answer.length < 2 + answer.readUInt16BE(0)) return;
      socket.destroy();
      resolve(answer.subarray(2, 2 + answer.readUInt16BE(0)));
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('no answer')));
  });
}

/** The TLSA records of an answer. Throws RangeError for a truncated answer. */
function records(message: Buffer): Tlsa[] {
  if ((message.readUInt16BE(2) & 15) !== 0) return [];
  const [questions, answers] = [message.readUInt16BE(4), message.readUInt16BE(6)];
  let at = 12;
  const skipName = (): void => {
    for (let length = message.readUInt8(at); ; length = message.readUInt8(at)) {
      at += length >= 192 ? 2 : 1 + length;
      if (length === 0 || length >= 192) return;
    }
  };
  for (let n = 0; n < questions; n++) {
    skipName();
    at += 4;
  }
  const found: Tlsa[] = [];
  for (let n = 0; n < answers; n++) {
    skipName();
    const [type, size] = [message.readUInt16BE(at), message.readUInt16BE(at + 8)];
    const data = message.subarray(at + 10, (at += 10 + size));
    if (type !== TLSA) continue;
    const [usage, selector, matching] = [data.readUInt8(0), data.readUInt8(1), data.readUInt8(2)];
    found.push({ usage, selector, matching, data: data.toString('hex', 3) });
  }
  return found;
}
