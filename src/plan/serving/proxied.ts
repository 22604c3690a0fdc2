/** The ports that expect the PROXY protocol (haproxy's) before the first line of a client. Pure. */
import { dovecotValue, type DovecotConfig } from '../../formats/dovecot/dovecot.ts';
import { optionValue, type MasterService } from '../../formats/postfix/master-cf.ts';
import { HardenMailError } from '../../model/errors.ts';
import { SMTP_PORTS, type Snapshot } from '../../model/index.ts';
import { addressesOf, overlap } from './holders.ts';
import { entriesOn } from '../place/sites.ts';
import { mainReader, openWorkspace, type Workspace } from '../workspace.ts';

export interface ProxiedPort {
  readonly port: number;
  /** The proxies that the port accepts it from: Dovecot's haproxy_trusted_networks. Null: any client (Postfix). */
  readonly trusted: string | null;
}

/**
 * The mail ports that expect the PROXY protocol from a client that connects to this address of the host. None if the files
 * cannot be parsed: the host's own parsers report that.
 */
export function proxiedPorts(snapshot: Snapshot, address: string): ProxiedPort[] {
  try {
    const { workspace } = openWorkspace(snapshot);
    const { listeners } = snapshot.facts;
    const found = [...ofPostfix(workspace, address), ...ofDovecot(workspace.dovecot)];
    // If the proxy itself listens at this address, it speaks plain SMTP or IMAP to us, as any server does.
    return found.filter(({ port }) => {
      const here = listeners.filter((one) => one.port === port && overlap(address, one.address));
      return here.length === 0 || here.some(({ process }) => ['', 'master', 'dovecot'].includes(process));
    });
  } catch (error) {
    if (error instanceof HardenMailError) return [];
    throw error;
  }
}

function ofPostfix(workspace: Workspace, address: string): ProxiedPort[] {
  const read = mainReader(workspace);
  const isProxied = (entry: MasterService): boolean => {
    // Behind postscreen, smtpd gets the client from postscreen.
    const setting =
      entry.command === 'postscreen' ? 'postscreen_upstream_proxy_protocol' : 'smtpd_upstream_proxy_protocol';
    return (optionValue(entry, setting) ?? read(setting) ?? '').trim() === 'haproxy';
  };
  return SMTP_PORTS.flatMap((port) => {
    const entries = entriesOn(workspace, port);
    const here = entries.filter(({ name }) => addressesOf(name, workspace).some((one) => overlap(one, address)));
    // The host may not have the address that we reach it by (NAT): then all entries must agree.
    const asked = here.length > 0 ? here : entries;
    return asked.length > 0 && asked.every(isProxied) ? [{ port, trusted: null }] : [];
  });
}

/** Dovecot's listeners of these services, with their default ports. */
const LISTENERS: Readonly<Record<string, number>> = { imap: 143, imaps: 993, pop3: 110, pop3s: 995 };

function ofDovecot(config: DovecotConfig | null): ProxiedPort[] {
  if (!config) return [];
  const trusted = dovecotValue(config, ['haproxy_trusted_networks'])?.value ?? '';
  return ['imap-login', 'pop3-login'].flatMap((service) => {
    const blocks = [...(config.top.sections.get(`service ${service}`)?.sections.keys() ?? [])];
    return blocks.flatMap((block): ProxiedPort[] => {
      const [, name] = /^inet_listener (\S+)$/.exec(block) ?? [];
      if (name === undefined) return [];
      const of = (setting: string) => dovecotValue(config, [`service ${service}`, block, setting])?.value;
      const port = Number(of('port') ?? LISTENERS[name] ?? 0);
      return of('haproxy') === 'yes' && port > 0 ? [{ port, trusted }] : [];
    });
  });
}
