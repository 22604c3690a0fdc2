/** The names under which Postfix's programs for a port write to the log (syslog_name). Pure. */
import { HardenMailError } from '../model/errors.ts';
import { optionValue } from '../formats/postfix/master-cf.ts';
import { SMTP_PORTS, type Snapshot } from '../model/index.ts';
import { entriesOn, servicesOn } from './place/sites.ts';
import { mainReader, openWorkspace } from './workspace.ts';

export interface SyslogNames {
  /** The name of the whole instance: its master, and services without a name of their own. */
  readonly main: string;
  /** The names of the services on each SMTP port, each once. */
  readonly byPort: ReadonlyMap<number, readonly string[]>;
}

const DEFAULT = 'postfix';

/** The names by main.cf and master.cf; Postfix's default if the files cannot be parsed. */
export function syslogNames(snapshot: Snapshot): SyslogNames {
  try {
    const { workspace } = openWorkspace(snapshot);
    const own = mainReader(workspace)('syslog_name') ?? DEFAULT;
    const main = own.includes('$') ? DEFAULT : own;
    const named = (port: number): string[] =>
      [...entriesOn(workspace, port), ...servicesOn(workspace, port)].map((service) => {
        const name = optionValue(service, 'syslog_name') ?? main;
        return name.replace(/\$\{?service_name\}?/g, service.name.replace(/^.*:/, ''));
      });
    return { main, byPort: new Map(SMTP_PORTS.map((port) => [port, [...new Set(named(port))]])) };
  } catch (error) {
    if (!(error instanceof HardenMailError)) throw error;
    return { main: DEFAULT, byPort: new Map() };
  }
}
