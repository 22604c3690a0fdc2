/** The entries of a mail client's account, as text. */
import type { ClientService, ClientSettings } from '../model/index.ts';
import { escape } from './escape.ts';

const NAMES: Readonly<Record<ClientService['protocol'], string>> = { imap: 'IMAP', pop3: 'POP3', smtp: 'SMTP' };
const SECURITY: Readonly<Record<ClientService['security'], string>> = { tls: 'SSL/TLS', starttls: 'STARTTLS' };

/** `IMAP 993 SSL/TLS, or 143 STARTTLS` for each protocol. */
export function serviceTexts(
  services: readonly ClientService[],
): { readonly protocol: string; readonly text: string }[] {
  const protocols = [...new Set(services.map(({ protocol }) => protocol))];
  return protocols.map((protocol) => {
    const ports = services
      .filter((one) => one.protocol === protocol)
      .map(({ port, security }) => `${port} ${SECURITY[security]}`);
    return { protocol, text: `${NAMES[protocol]} ${ports.join(', or ')}` };
  });
}

/** All entries, in columns. */
export function clientLines({ server, login, services, refused }: ClientSettings): string[] {
  const texts = serviceTexts(services);
  const incoming = texts.filter(({ protocol }) => protocol !== 'smtp').map(({ text }) => text);
  const outgoing = texts.filter(({ protocol }) => protocol === 'smtp').map(({ text }) => text);
  return [
    ...rows('incoming', incoming),
    ...rows('outgoing', outgoing),
    ...rows('server', [server]),
    ...rows('user name', [
      login === 'name' ? 'the part of the address before the @' : 'the whole mail address, unless you gave another one',
    ]),
    ...rows('password', ['as text (PLAIN); it is sent inside TLS only']),
    ...rows('refused', refused),
  ].map((line) => escape(line));
}

function rows(label: string, texts: readonly string[]): string[] {
  return texts.map((text, at) => `  ${(at === 0 ? label : '').padEnd(11)}${text}`);
}
