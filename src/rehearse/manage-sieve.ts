/** The script of the user of the rehearsal, over ManageSieve (RFC 5804). */
import { connect as dial } from 'node:net';
import { createSecureContext } from 'node:tls';
import { openWire, type Wire } from '../mail/wire.ts';
import { show } from '../formats/text/show.ts';
import type { Person } from './resident.ts';

export const SIEVE_PORT = 4190;
const NAME = 'rehearsal';

/** The lines of an answer before its `OK`. */
async function answer(wire: Wire): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const line = await wire.line();
    if (/^OK\b/i.test(line)) return lines;
    if (/^(NO|BYE)\b/i.test(line)) throw new Error(`answers "${show(line)}"`);
    lines.push(line);
  }
}

async function ask(wire: Wire, command: string): Promise<string[]> {
  wire.send(command, 'slow');
  return answer(wire);
}

async function loggedIn(address: string, { login, password }: Person, timeout: number): Promise<Wire> {
  const wire = openWire(dial({ host: address, port: SIEVE_PORT, noDelay: true }), timeout);
  const offer = await answer(wire);
  if (offer.some((line) => /^"STARTTLS"/i.test(line))) {
    await ask(wire, 'STARTTLS');
    await wire.secure({ context: createSecureContext({}), servername: '' });
    await answer(wire);
  }
  await ask(wire, `AUTHENTICATE "PLAIN" "${Buffer.from(`\0${login}\0${password}`).toString('base64')}"`);
  return wire;
}

/** A script that files mails with this word in their subject into a folder becomes the active one. */
export async function putScript(address: string, person: Person, word: string, folder: string, timeout: number) {
  const wire = await loggedIn(address, person, timeout);
  const script = `require "fileinto";\r\nif header :contains "subject" "${word}" { fileinto "${folder}"; }\r\n`;
  await ask(wire, `PUTSCRIPT "${NAME}" {${script.length}+}\r\n${script}`);
  await ask(wire, `SETACTIVE "${NAME}"`);
  wire.close('LOGOUT');
}

/** @throws Error if the script is not the active one */
export async function assertActive(address: string, person: Person, timeout: number): Promise<void> {
  const wire = await loggedIn(address, person, timeout);
  const scripts = await ask(wire, 'LISTSCRIPTS');
  wire.close('LOGOUT');
  if (!scripts.some((line) => line.toUpperCase() === `"${NAME.toUpperCase()}" ACTIVE`)) throw new Error('the script of the user is not active'); // oxfmt-ignore
}
