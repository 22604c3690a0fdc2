/** Postfix without Dovecot as the choice of an administrator. docs/served.md. Pure. */
import { READING_PORTS, type Alone, type Facts, type Policy, type Service } from '../../model/index.ts';
import { smtpdsOf } from '../../exposure/postfix-ways.ts';
import { mainValue } from '../../formats/postfix/main-cf.ts';
import { expandVariables } from '../../formats/postfix/expand-variables.ts';
import { saslInUse } from './sasl-in-use.ts';
import { MAIN_CF, mainReader, type Workspace } from '../workspace.ts';

export const NO_DOVECOT = 'Dovecot is not installed';

/**
 * The reason for which a host without Dovecot gets none for a service. Null if nothing shows that the host does without it on
 * purpose: the recipe then installs Dovecot.
 * @param ports of the service
 */
export function withoutDovecot(
  ports: readonly number[],
  facts: Facts,
  workspace: Workspace | null,
  policy: Policy,
): string | null {
  if (!workspace?.postfix || facts.packages['postfix'] === undefined) return null;
  const servers = otherServers(facts);
  const port = ports.find((one) => servers.has(one));
  if (port !== undefined) return `${NO_DOVECOT}, and ${servers.get(port)} serves port ${port}`;
  const sasl = saslInUse(workspace, facts, policy);
  if (sasl.kind === 'other') return `${NO_DOVECOT}, and ${sasl.told}`;
  const line = handsOn(workspace);
  return line === null ? null : `${NO_DOVECOT}, and Postfix passes its mail on (${line})`;
}

/** Programs that serve IMAP and POP3 on a host without Dovecot, by port. */
export function otherServers({ listeners, packages }: Facts): ReadonlyMap<number, string> {
  if (packages['dovecot-core']) return new Map();
  const others = listeners.filter(
    ({ port, process }) => READING_PORTS.includes(port) && !['', 'dovecot'].includes(process),
  );
  return new Map(others.map(({ port, process }) => [port, process]));
}

/**
 * Does the host do without Dovecot? It does if it serves neither IMAP nor POP3, and no login depends on Dovecot. Null: it has
 * Dovecot, or gets it.
 */
export function aloneWith(
  leftOut: readonly { readonly service: Service }[],
  workspace: Workspace,
  facts: Facts,
  policy: Policy,
): Alone | null {
  const reads = (['imap', 'pop3'] as const).some((one) => !leftOut.some(({ service }) => service === one));
  if (reads || !workspace.postfix || facts.packages['dovecot-core'] || policy.replace?.includes('sasl')) return null;
  if (saslInUse(workspace, facts, policy).kind === 'other') return { logins: true };
  const offers = smtpdsOf(workspace, facts).some(({ parameters }) => parameters.isYes('smtpd_sasl_auth_enable'));
  return offers ? null : { logins: false };
}

const TRANSPORTS = ['virtual_transport', 'mailbox_transport', 'local_transport', 'relay_transport'];

/** The line of main.cf that shows that this host keeps no mailboxes: it relays for other servers, or has no domain of its own. */
function handsOn(workspace: Workspace): string | null {
  const { postfix } = workspace;
  if (!postfix) return null;
  const read = mainReader(workspace);
  const told = (name: string): string => {
    const { line = 1, value = '' } = mainValue(postfix.main, name) ?? {};
    return `${MAIN_CF}:${line}: ${`${name} = ${value.trim().replace(/\s+/g, ' ')}`.trim()}`;
  };
  const value = (name: string): string | null => {
    const raw = read(name);
    return raw === null ? null : expandVariables(raw, read).trim();
  };
  // The default of relay_domains was $mydestination before Postfix 3.0.
  const relayed = value('relay_domains');
  if (relayed !== null && relayed !== '' && relayed !== value('mydestination') && !relayed.includes('$')) return told('relay_domains'); // oxfmt-ignore
  const transport = TRANSPORTS.find((name) => /^(smtp|relay|error|lmtp:(inet:|\[))/.test(value(name) ?? ''));
  if (transport !== undefined) return told(transport);
  const hosted = ['virtual_mailbox_domains', 'virtual_mailbox_maps', 'virtual_alias_domains'];
  const owns = hosted.some((name) => (value(name) ?? '') !== '');
  return value('mydestination') === '' && !owns ? told('mydestination') : null;
}
