/** Checks that Postfix's ports are free: another program or another Postfix instance on them stops the run. Pure. */
import { HardenMailError } from '../../model/errors.ts';
import { SMTP_PORTS, type Facts, type Listener } from '../../model/index.ts';
import { expandVariables } from '../../formats/postfix/expand-variables.ts';
import { entriesOn } from '../place/sites.ts';
import { mainReader, type Workspace } from '../workspace.ts';

/** The ports whose entries this tool edits. */
const EVERYWHERE = ['0.0.0.0', '::'];

/**
 * Each mail entry of master.cf must have its port to itself. Two masters can listen on one port (SO_REUSEPORT): then the kernel
 * gives each client to one or the other by chance, and nothing is logged.
 * @param workspace the files as they will be
 * @throws PORT_BUSY if another program or instance listens at an address of such an entry
 */
export function assertPortsFree(workspace: Workspace, { listeners }: Pick<Facts, 'listeners'>): void {
  for (const port of SMTP_PORTS) {
    const mine = entriesOn(workspace, port).flatMap(({ name }) => addressesOf(name, workspace));
    const holder = listeners.find(
      (one) => one.port === port && isForeign(one) && mine.some((at) => overlap(at, one.address)),
    );
    if (holder) throw busy(holder);
  }
}

function isForeign({ process, ours }: Listener): boolean {
  return process !== '' && (process !== 'master' || ours === false);
}

/**
 * The addresses where an entry listens, by its name (`10.8.0.1:submission`) or else by inet_interfaces. A host name counts as
 * any address.
 */
export function addressesOf(name: string, workspace: Workspace): string[] {
  const [, host] = /^(.*):[^:]*$/.exec(name) ?? [];
  if (host !== undefined) return [plain(host)].flatMap(named);
  const read = mainReader(workspace);
  const value = expandVariables(read('inet_interfaces') ?? 'all', read);
  return value
    .split(/[\s,]+/)
    .filter(Boolean)
    .flatMap((one) => named(plain(one)));
}

function named(host: string): string[] {
  if (host === 'localhost' || host === 'loopback-only') return ['127.0.0.1', '::1'];
  return /^[\d.]+$/.test(host) || host.includes(':') ? [host] : EVERYWHERE;
}

/** `[::1]`, `127.0.0.53%lo` → the address alone. */
function plain(address: string): string {
  return address
    .replace(/%.*$/, '')
    .replace(/^\[(.*)\].*$/, '$1')
    .toLowerCase();
}

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/**
 * Do two addresses overlap? A wildcard covers every address of its family.
 * @param held as `ss` prints it; `*` covers both families
 */
export function overlap(mine: string, held: string): boolean {
  const other = plain(held);
  if (other === '*') return true;
  const isSix = (address: string): boolean => address.includes(':');
  if (isSix(mine) !== isSix(other)) return false;
  return mine === other || EVERYWHERE.includes(mine) || EVERYWHERE.includes(other);
}

function busy({ port, process, instance }: Listener): HardenMailError {
  if (process === 'master') {
    const which = instance ? `, ${instance}` : '';
    return new HardenMailError(
      'PORT_BUSY',
      `port ${port} is held by another Postfix instance${which}: both would listen there, and clients reach one or the other by chance`,
      'Nothing was written. Give each instance addresses of its own (inet_interfaces, or ADDRESS:PORT in master.cf), or comment one entry out, and run again.',
    );
  }
  return new HardenMailError(
    'PORT_BUSY',
    `port ${port} is held by ${process}, so Postfix cannot listen there`,
    `Nothing was written. Have ${process} leave the port to Postfix, and run again.`,
  );
}
