/** Sets a whole host up, and has the sessions of its users and of strangers. */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { scratch } from '../cli.ts';
import type { LabHost } from '../../../src/lab/lab.ts';
import { runProgram } from '../../../src/lab/programs.ts';
import { quote } from '../../../src/formats/text/shell-quote.ts';
import type { Clients } from './clients.ts';
import type { Host, Result, Session } from './schema.ts';

const HERE = fileURLToPath(new URL('../../hosts/', import.meta.url));

/** Copies the folder to the host, installs its packages and runs its setup.sh. */
export async function setUp(host: LabHost, name: string, { packages }: Host): Promise<void> {
  const { stdout } = await runProgram('tar', ['-C', HERE, '-cf', '-', 'lib', '-C', join(HERE, name), '.']);
  await host.run('mkdir -p /root/host && tar -C /root/host --no-same-owner -xf -', { input: stdout });
  if (packages.length > 0)
    await host.run(
      `apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y install ${packages.map(quote).join(' ')}`,
    );
  const domain = host.name.split('.').slice(1).join('.');
  const environment = `ADDRESS=${host.address} NAME=${host.name} DOMAIN=${domain}`;
  await host.run(`cd /root/host && ${environment} sh ./setup.sh 2>&1`);
}

let tokens = 0;

/** Has all sessions, and finds where their messages went. */
export async function have(
  host: LabHost,
  clients: Clients,
  data: Host,
  sessions: readonly Session[],
): Promise<Result[]> {
  const named = sessions.map((session) => ({ ...session, token: `session-${process.pid}-${++tokens}` }));
  for (const session of named)
    if (session.clientCertificate !== undefined)
      session.clientCertificate = scratch('client.pem', String(await host.read(session.clientCertificate)));
  const results = await clients.talk(named, data.users);
  const sent = named.filter((_, n) => results[n]?.outcome === 'sent').map(({ token }) => token);
  const places = await delivered(host, data.mailboxes, sent);
  return results.map((result, n) => {
    const place = places[named[n]!.token];
    if (!place) return result;
    const { show } = named[n]!;
    const shown = show === undefined ? '' : ` ${show}=${place.headers[show] ?? 'none'}`;
    return { ...result, ...place, outcome: place.where.length > 0 ? `delivered${shown}` : 'lost' };
  });
}

/** Header lines of the test itself, and those that Dovecot keeps in an mbox. */
const MAILBOX_ONLY = /^X-(Session|UID|IMAPbase|Keywords|Status)$/i;

/** Messages that Postfix works on; those that it has put off do not count. */
const QUEUED = 'cd /var/spool/postfix && find maildrop incoming active -type f';

interface Place {
  readonly where: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Waits until each message lies somewhere, or the queue is empty without it, or 20 s are over. */
async function delivered(
  host: LabHost,
  roots: readonly string[],
  sent: readonly string[],
): Promise<Record<string, Place>> {
  if (sent.length === 0) return {};
  let idle = 0;
  const look = `python3 /root/host/lib/delivered.py ${roots.map(quote).join(' ')}`;
  for (const deadline = Date.now() + 20_000; ; await sleep(200)) {
    const places = JSON.parse(await host.run(look, { input: JSON.stringify(sent) })) as Record<string, Place>;
    const there = sent.every((token) => places[token]!.where.length > 0);
    idle = there || (await host.run(QUEUED)) !== '' ? 0 : idle + 1;
    if (there || idle > 5 || Date.now() > deadline)
      return Object.fromEntries(
        Object.entries(places).map(([token, { where, headers }]) => {
          const told = Object.entries(headers).filter(([header]) => !MAILBOX_ONLY.test(header));
          return [token, { where, headers: Object.fromEntries(told) }];
        }),
      );
  }
}
