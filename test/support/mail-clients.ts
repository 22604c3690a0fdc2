/** Programs by which people mail: mutt sends by SMTP, mbsync (isync) fetches by IMAP. Both are strict about the certificate. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../../src/lab/programs.ts';
import { SCRATCH } from './cli.ts';
import type { Opinion } from './opinions.ts';
import type { Peer } from './talk.ts';
import { quote } from '../../src/formats/text/shell-quote.ts';

interface Account {
  readonly name: string;
  readonly password: string;
}

/** Sends a mail by mutt, through 465 or 587. */
export async function mutt(peer: Peer, user: Account, to: string, subject: string): Promise<Opinion> {
  const { port, name } = peer;
  const folder = home(peer);
  const settings = {
    ...{ ssl_force_tls: 'yes', ssl_starttls: 'yes', ssl_ca_certificates_file: join(folder, 'root.pem') },
    ...{ from: `${user.name}@${name}`, smtp_pass: user.password, copy: 'no', certificate_file: '' },
    smtp_url: `${port === 465 ? 'smtps' : 'smtp'}://${user.name}@${name}:${port}/`,
  };
  const lines = Object.entries(settings).map(([setting, value]) => `set ${setting}="${value}"\n`);
  writeFileSync(join(folder, 'muttrc'), lines.join(''), { mode: 0o600 });
  return inside(peer, folder, ['mutt', '-F', join(folder, 'muttrc'), '-s', subject, '--', to]);
}

/** Fetches a mailbox by mbsync, from 993 or, with STARTTLS, 143; gives all mails. */
export async function mbsync(peer: Peer, user: Account): Promise<Opinion> {
  const folder = home(peer);
  const box = join(folder, 'mail');
  mkdirSync(box);
  const settings = `IMAPAccount there
Host ${peer.name}
Port ${peer.port}
User ${user.name}
Pass "${user.password}"
SSLType ${peer.port === 993 ? 'IMAPS' : 'STARTTLS'}
SystemCertificates no
CertificateFile ${join(folder, 'root.pem')}
AuthMechs LOGIN

IMAPStore there
Account there

MaildirStore here
Path ${box}/
Inbox ${box}/inbox

Channel mail
Far :there:
Near :here:
Patterns INBOX
Create Near
Sync Pull
SyncState *
`;
  writeFileSync(join(folder, 'mbsyncrc'), settings, { mode: 0o600 });
  const told = await inside(peer, folder, ['mbsync', '-c', join(folder, 'mbsyncrc'), 'mail']);
  const { stdout } = await runProgram('find', [box, '-type', 'f', '-path', '*/new/*', '-exec', 'cat', '{}', '+']);
  return { ...told, text: `${told.text}\n${stdout.toString('latin1')}` };
}

/** A home with the root that is trusted. */
function home({ root }: Peer): string {
  const folder = mkdtempSync(join(SCRATCH, 'client-'));
  writeFileSync(join(folder, 'root.pem'), root);
  return folder;
}

/** They look for a server by its name alone: in a mount namespace of its own that leads to the host. */
async function inside({ address, name }: Peer, folder: string, command: readonly string[]): Promise<Opinion> {
  const hosts = join(folder, 'hosts');
  writeFileSync(hosts, `127.0.0.1 localhost\n${address} ${name}\n`);
  const script = `mount --bind ${quote(hosts)} /etc/hosts && HOME=${quote(folder)} LC_ALL=C exec ${command.map(quote).join(' ')}`;
  const { code, stdout, stderr } = await runProgram('unshare', ['--mount', 'sh', '-c', script], { input: 'hello\n' });
  return { code, text: `${stdout.toString('latin1')}\n${stderr.toString('latin1')}` };
}
