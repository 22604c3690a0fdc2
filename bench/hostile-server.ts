/** `hostile-server.ts KIND`: an SSH server that answers as a good host, or as one of the hosts that attack; prints its place as JSON. */
import { readFileSync } from 'node:fs';
import type { ServerChannel } from 'ssh2';
import type { Bytes } from '../src/model/index.ts';
import { gatherOutput } from '../test/support/gather-output.ts';
import { cases } from '../test/support/plan/cases.ts';
import { startServer } from '../test/support/ssh-server.ts';

const { files } = cases().find(({ title }) => title === 'recipe/stock-debian-12')!.snapshot;
const stock = (path: string): Bytes => files[path]?.bytes ?? '';
const many = (text: string, times: number): string => text.repeat(times);
const added = (path: string, text: string): Readonly<Record<string, Bytes>> => ({ [path]: stock(path) + text });
const [MAIN, MASTER, DOVECOT] = [
  '/etc/postfix/main.cf',
  '/etc/postfix/master.cf',
  '/etc/dovecot/dovecot.conf',
] as const;

const MACROS = Array.from({ length: 60 }, (_, n) => `a${n + 1} = ${many(`$a${n} `, 40)}\n`).join('');
const SERVICES = Array.from({ length: 900 }, (_, n) => `${10_000 + n} inet n - y - - smtpd\n`).join('');

/** The files that each kind of host has instead of the usual ones. */
const CHANGED: Readonly<Record<string, Readonly<Record<string, Bytes>>>> = {
  good: {},
  heavy: {
    ...added(MASTER, SERVICES),
    ...added(DOVECOT, many('service a {\n inet_listener b {\n  port = 1\n }\n}\n', 35_000)),
  },
  stars: added(DOVECOT, `!include_try ${many('*a', 2000)}*b\n`),
  braces: added(DOVECOT, `!include_try ${many('{a,b}', 26)}\n`),
  macros: added(MAIN, `a0 = ${many('x', 1000)}\n${MACROS}mynetworks = $a60\n`),
  word: added(MAIN, `# ${many('x', 200_000)}\n`),
};

/** Writes for as long as the client reads. */
function flood(stream: NodeJS.WritableStream, chunk: Buffer): void {
  const more = (): void => {
    while (stream.writable && stream.write(chunk));
  };
  stream.on('drain', more);
  more();
}

function answer(kind: string, channel: ServerChannel, mark: string, output: Buffer): void {
  if (kind === 'stderr') return flood(channel.stderr, Buffer.from(many('noise ', 5000)));
  if (kind === 'stdout') {
    channel.stderr.write(`${mark}\n`);
    channel.write(`${mark}\n`);
    return flood(channel, Buffer.alloc(32_768));
  }
  channel.stderr.write(`${mark}\n${mark} 0\n`);
  channel.write(Buffer.concat([Buffer.from(`${mark}\n`), output, Buffer.from(`${mark} 0\n`)]));
  channel.on('end', () => {
    channel.exit(0);
    channel.end();
  });
}

async function serve(kind: string): Promise<void> {
  const usual = Object.fromEntries(Object.values(files).map(({ path, bytes }) => [path, bytes]));
  const output = gatherOutput({ ...usual, ...CHANGED[kind] });
  const server = await startServer({
    exec: (channel, command) => {
      const [, first = '', second = ''] = /n=(\w+); n="\$n"(\w+);/.exec(command) ?? [];
      answer(kind, channel, first + second, output);
    },
  });
  const known = readFileSync(server.knownHosts, 'utf8');
  process.stdout.write(`${JSON.stringify({ port: server.port, identity: server.host().identity, known })}\n`);
  process.once('SIGTERM', () => void server.stop().then(() => process.exit()));
}
void serve(process.argv[2] ?? 'good');
