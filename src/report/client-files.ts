/** The files that mail clients read to set up an account, for a web server to publish. Pure. */
import { createHash } from 'node:crypto';
import type { ClientService, ClientSettings } from '../model/index.ts';

export interface ClientFile {
  readonly name: string;
  /** The clients that read it. */
  readonly readers: string;
  /** The addresses at which these clients look for it. */
  readonly publish: readonly string[];
  readonly text: string;
}

/** The files for one domain of mail addresses. */
export function clientFiles(settings: ClientSettings, domain: string): ClientFile[] {
  return [
    {
      name: 'config-v1.1.xml',
      readers: 'Thunderbird, K-9 Mail, KMail, Evolution',
      publish: [
        `https://autoconfig.${domain}/mail/config-v1.1.xml`,
        `https://${domain}/.well-known/autoconfig/mail/config-v1.1.xml`,
      ],
      text: autoconfig(settings, domain),
    },
    {
      name: 'autodiscover.xml',
      readers: 'Outlook',
      publish: [`https://autodiscover.${domain}/autodiscover/autodiscover.xml`],
      text: autodiscover(settings),
    },
    {
      name: `${domain}.mobileconfig`,
      readers: 'Mail on iPhone, iPad and Mac',
      publish: ['any https page of yours, as application/x-apple-aspen-config'],
      text: mobileconfig(settings, domain),
    },
  ];
}

/** SRV records (RFC 6186, RFC 8314): lines of a zone file. A service that is not offered says so with the target `.`. */
export function serviceRecords({ server, services }: ClientSettings, domain: string): string[] {
  const names = [
    ['_imaps', 'imap', 'tls'],
    ['_imap', 'imap', 'starttls'],
    ['_pop3s', 'pop3', 'tls'],
    ['_pop3', 'pop3', 'starttls'],
    ['_submissions', 'smtp', 'tls'],
    ['_submission', 'smtp', 'starttls'],
  ] as const;
  return names.map(([name, protocol, security]) => {
    const found = services.find((one) => one.protocol === protocol && one.security === security && one.port !== 25);
    const target = found ? `0 ${security === 'tls' ? 1 : 2} ${found.port} ${server}.` : '0 0 0 .';
    return `${name}._tcp.${domain}. IN SRV ${target}`;
  });
}

/** Mozilla's format: https://wiki.mozilla.org/Thunderbird:Autoconfiguration:ConfigFileFormat */
function autoconfig({ server, login, services }: ClientSettings, domain: string): string {
  const user = login === 'name' ? '%EMAILLOCALPART%' : '%EMAILADDRESS%';
  const each = services.map(({ protocol, port, security }) => {
    const tag = protocol === 'smtp' ? 'outgoingServer' : 'incomingServer';
    return `    <${tag} type="${protocol}">
      <hostname>${xml(server)}</hostname>
      <port>${port}</port>
      <socketType>${security === 'tls' ? 'SSL' : 'STARTTLS'}</socketType>
      <authentication>password-cleartext</authentication>
      <username>${user}</username>
    </${tag}>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="${xml(domain)}">
    <domain>${xml(domain)}</domain>
    <displayName>${xml(domain)}</displayName>
    <displayShortName>${xml(domain)}</displayShortName>
${each.join('\n')}
  </emailProvider>
</clientConfig>
`;
}

/** The answer that Outlook reads (MS-OXDSCLI), the same for every user: it takes the mail address as the user name. */
function autodiscover({ server, services }: ClientSettings): string {
  // One for each protocol, the preferred one: Outlook tries no second.
  const first = services.filter((one, at) => services.findIndex(({ protocol }) => protocol === one.protocol) === at);
  const each = first.map(({ protocol, port, security }) => {
    const encryption = security === 'tls' ? 'SSL' : 'TLS';
    const only = protocol === 'smtp' ? '\n        <UsePOPAuth>on</UsePOPAuth>\n        <SMTPLast>off</SMTPLast>' : '';
    return `      <Protocol>
        <Type>${protocol.toUpperCase()}</Type>
        <Server>${xml(server)}</Server>
        <Port>${port}</Port>
        <DomainRequired>off</DomainRequired>
        <SPA>off</SPA>
        <SSL>on</SSL>
        <Encryption>${encryption}</Encryption>
        <AuthRequired>on</AuthRequired>${only}
      </Protocol>`;
  });
  return `<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
${each.join('\n')}
    </Account>
  </Response>
</Autodiscover>
`;
}

/** Apple's configuration profile with one mail account. The device asks for name, address, user name and password. */
function mobileconfig({ server, services }: ClientSettings, domain: string): string {
  const incoming = services.find(({ protocol }) => protocol !== 'smtp');
  const outgoing = services.find(({ protocol }) => protocol === 'smtp');
  const identifier = `${domain.split('.').toReversed().join('.')}.mail`;
  const type = incoming?.protocol === 'pop3' ? 'EmailTypePOP' : 'EmailTypeIMAP';
  const account = [
    text('EmailAccountDescription', domain),
    text('EmailAccountType', type),
    ...(incoming ? sideOf('Incoming', server, incoming) : []),
    ...(outgoing ? sideOf('Outgoing', server, outgoing) : []),
    key('OutgoingPasswordSameAsIncomingPassword', '<true/>'),
    text('PayloadDescription', `Mail account of ${domain}`),
    text('PayloadDisplayName', `Mail: ${domain}`),
    text('PayloadIdentifier', `${identifier}.account`),
    text('PayloadType', 'com.apple.mail.managed'),
    text('PayloadUUID', uuid(`${identifier}.account`)),
    key('PayloadVersion', '<integer>1</integer>'),
  ];
  const profile = [
    text('PayloadDescription', `Sets up mail of ${domain}`),
    text('PayloadDisplayName', `Mail: ${domain}`),
    text('PayloadIdentifier', identifier),
    text('PayloadType', 'Configuration'),
    text('PayloadUUID', uuid(identifier)),
    key('PayloadVersion', '<integer>1</integer>'),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadContent</key>
  <array>
    <dict>
${account.map((line) => `      ${line}`).join('\n')}
    </dict>
  </array>
${profile.map((line) => `  ${line}`).join('\n')}
</dict>
</plist>
`;
}

function sideOf(side: 'Incoming' | 'Outgoing', server: string, { port }: ClientService): string[] {
  return [
    text(`${side}MailServerAuthentication`, 'EmailAuthPassword'),
    text(`${side}MailServerHostName`, server),
    key(`${side}MailServerPortNumber`, `<integer>${port}</integer>`),
    // One setting for both kinds of TLS: the device finds out which one the port speaks.
    key(`${side}MailServerUseSSL`, '<true/>'),
  ];
}

function text(name: string, value: string): string {
  return key(name, `<string>${xml(value)}</string>`);
}

function key(name: string, value: string): string {
  return `<key>${name}</key>${value}`;
}

/** The same for the same name, so that a later profile replaces the earlier one. */
function uuid(name: string): string {
  const hex = createHash('sha256').update(`harden-mail ${name}`).digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-').toUpperCase();
}

function xml(value: string): string {
  return value.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
