/** The entries of a mail client's account, as text. */
import type { ClientService, ClientSettings } from '../model/index.ts';
import { escape } from './escape.ts';

/** Also as the JSON document has them. */
type Settings = Omit<ClientSettings, 'domains'>;

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

/** All entries, each with its label. */
export function clientRows({ server, login, services, refused }: Settings): (readonly [label: string, text: string])[] {
  const texts = serviceTexts(services);
  const of = (isSmtp: boolean): string[] =>
    texts.filter(({ protocol }) => (protocol === 'smtp') === isSmtp).map(({ text }) => text);
  const user = login === 'name' ? 'the part of the address before the @' : 'the whole mail address, unless you gave another one'; // oxfmt-ignore
  return [
    ...of(false).map((text) => ['incoming', text] as const),
    ...of(true).map((text) => ['outgoing', text] as const),
    ['server', server],
    ['user name', user],
    ['password', 'as text (PLAIN); it is sent inside TLS only'],
    ...refused.map((text) => ['refused', text] as const),
  ];
}

/** The same in columns. */
export function clientLines(settings: Settings): string[] {
  const rows = clientRows(settings);
  return rows.map(([label, text], at) => {
    const told = rows[at - 1]?.[0] === label ? '' : label;
    return escape(`  ${told.padEnd(11)}${text}`);
  });
}
