/** What must hold of a host after anything has happened to a run, and of what the run said. */

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect as dial } from 'node:net';
import { connect as encrypt } from 'node:tls';
import type { LabHost } from '../../../src/lab/lab.ts';
import type { Outcome } from '../../support/cli.ts';
import { SMTP, talkInClear } from '../../support/talk.ts';
import type { Peer } from '../../support/talk.ts';
import { EDIT } from '../../support/faults/faults.ts';
import { difference, shapeOf } from '../../support/faults/state.ts';
import type { Shape } from '../../support/faults/state.ts';

export type Side = 'BEFORE' | 'AFTER';

export interface Sides {
  readonly before: Shape;
  readonly after: Shape;
}

const MAIN_CF = '/etc/postfix/main.cf';

/**
 * The host's files are BEFORE entirely or AFTER entirely; which one, is returned. Somebody's edit of main.cf, where
 * there was one, is still there, at the end of the one or the other.
 */
export async function assertWhole(host: LabHost, sides: Sides, edited: boolean): Promise<Side> {
  if (edited) {
    const text = (await host.read(MAIN_CF)).toString('latin1');
    assert.ok(text.includes(EDIT), 'the foreign edit is gone');
    // Without it the file is one of the two. To the daemons a comment is nothing.
    await host.run(`cat >${MAIN_CF}`, { input: Buffer.from(text.replace(EDIT, ''), 'latin1') });
  }
  const now = await shapeOf(host);
  const [fromBefore, fromAfter] = [difference(sides.before, now), difference(sides.after, now)];
  assert.ok(
    fromBefore.length === 0 || fromAfter.length === 0,
    `half: ${fromBefore.join(' ')} are not as before, ${fromAfter.join(' ')} not as after`,
  );
  return fromBefore.length === 0 ? 'BEFORE' : 'AFTER';
}

/** The ports answer, with the certificate that the files name, and 465 if the files have it. */
export async function assertServing(host: LabHost, peer: Peer, side: Side): Promise<void> {
  const files = await host.run(`for f in "$(postconf -xh smtpd_tls_cert_file)" "$(doveconf -h ssl_cert | tr -d '<')"; do
    openssl x509 -in "$f"; done`);
  const [smtp, imap] = files.split(/(?<=-----END CERTIFICATE-----\n)/).map((pem) => new X509Certificate(pem));
  assert.ok(smtp && imap);
  assert.equal((await served(peer, 25)).fingerprint256, smtp.fingerprint256, '25 serves the certificate of main.cf');
  assert.equal((await served(peer, 993)).fingerprint256, imap.fingerprint256, '993 serves that of 10-ssl.conf');
  if (side === 'AFTER') assert.equal((await served(peer, 465)).fingerprint256, smtp.fingerprint256, '465');
  else assert.equal(await host.run("ss -Hltn 'sport = :465'"), '', 'nothing listens on 465');
}

/** Only fetches the certificate: whom it is for and who vouches for it is looked at elsewhere. */
async function served(peer: Peer, port: number): Promise<X509Certificate> {
  if (port === 25) {
    const smtp = await talkInClear({ ...peer, port });
    await smtp.until(SMTP);
    await smtp.ask('EHLO client.example', SMTP);
    await smtp.ask('STARTTLS', SMTP);
    smtp.end();
  }
  const socket = dial(port, peer.address);
  await once(socket, 'connect');
  if (port === 25) await startTls(socket);
  const inside = encrypt({ socket, rejectUnauthorized: false });
  await once(inside, 'secureConnect');
  const certificate = inside.getPeerX509Certificate();
  inside.destroy();
  assert.ok(certificate);
  return certificate;
}

async function startTls(socket: ReturnType<typeof dial>): Promise<void> {
  for (const line of ['', 'EHLO client.example\r\n', 'STARTTLS\r\n']) {
    socket.write(line);
    for (let answer = ''; !/^\d{3} .*\r\n$/m.test(answer);) answer += String((await once(socket, 'data'))[0]);
  }
}

/** The exit code and the last line, against what is the case. */
export function assertTruth({ code, stdout, stderr }: Outcome, side: Side, context: { mayBreak: boolean }): void {
  const said = `exit ${code}, files ${side}:\n${stdout}\n${stderr}`;
  const allowed: Readonly<Record<number, (text: string) => boolean>> = {
    0: (text) => side === 'AFTER' && /(changed: |ok: nothing to do)/.test(text),
    // Refused: nothing was written, unless by another.
    1: (text) => side === 'BEFORE' && /Nothing was (written|changed)|No configuration was written/.test(text),
    4: (text) =>
      /how it ended/.test(text) || (side === 'BEFORE' && /Nothing was|cannot|lost|refused|answer|respond/.test(text)),
    5: (text) => /put back as it was/.test(text) === (side === 'BEFORE'),
    6: () => context.mayBreak,
    130: (text) => side === 'BEFORE' || /changed: /.test(text),
    137: () => true, // killed: it says nothing
  };
  assert.ok(allowed[code]?.(stdout), said);
}
