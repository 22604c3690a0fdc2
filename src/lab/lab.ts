/**
 * Real hosts for tests: Debian under systemd-nspawn, each with its own systemd, sshd, apt, Postfix and Dovecot, and
 * Pebble as their certificate authority. See docs/lab.md.
 *
 *     import { lab } from './lab.ts';
 *
 *     const host = await lab.host({ release: 'bookworm', mail: true });   // 2 to 4 s once the image is cached
 *     await host.exec('postconf -n');                                     // straight into the host, independent of SSH
 *     connect(25, host.address);                                          // every port, straight from here
 *     const acme = await lab.acme();                                      // certbot --server acme.directory
 *
 * All of it is gone at `lab.close()`, which test/support/lab-hooks.ts calls after the last test, and which also runs when the
 * process exits, crashes or gets a signal. Where files run side by side, each process keeps its authority and its network
 * from one file to the next. A run that is killed takes its processes with it (see `tied` in programs.ts); the names it leaves
 * behind are removed by the next run (see ledger.ts).
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certify, startAcme } from './acme.ts';
import type { Acme } from './acme.ts';
import { startHost } from './lab-host.ts';
import type { HostOptions, LabHost, LabWorld } from './lab-host.ts';
import { cacheFolder, image } from './image.ts';
import { clear, openLedger } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { addBridge, addressIn, MAX_HOSTS } from './network.ts';
import type { ReleaseName } from './images.ts';
import { allowWatchers, available, ENGINE, missing, prepareMachine } from './requirements.ts';
import { killAll, must } from './programs.ts';

export type { Acme } from './acme.ts';
export type { LabHost, State } from './lab-host.ts';
export { available } from './requirements.ts';

let ledger: Ledger | undefined;
let world: Promise<LabWorld> | undefined;
let count = 0;
/** Those that are up, by the place of their address; null: not yet. */
const hosts = new Map<number, LabHost | null>();

/** Installs what this machine lacks and builds a release's image, which takes minutes where it is not cached. */
async function prepare(release: ReleaseName = 'bookworm'): Promise<void> {
  await prepareMachine();
  await image(release);
}

/** Boots a host. */
async function host(options: HostOptions = {}): Promise<LabHost> {
  world ??= create();
  const here = await world;
  const place = Array.from({ length: MAX_HOSTS }, (_, n) => n + 1).find((n) => !hosts.has(n));
  if (place === undefined) throw new Error(`lab: ${MAX_HOSTS} hosts are up; stop one first`);
  hosts.set(place, null);
  const made = await startHost(here, ++count, addressIn(here.ledger, place), options);
  const booted: LabHost = {
    ...made,
    async stop() {
      await made.stop();
      hosts.delete(place);
    },
  };
  hosts.set(place, booted);
  return booted;
}

/** Stops the hosts that are still up. The authority and the network stay, for those that come. */
async function stopHosts(): Promise<void> {
  const up = [...hosts.values()].filter((one) => one !== null);
  if (up.length < hosts.size) close(); // one did not come up: there is no other way to be rid of it
  else await Promise.all(up.map((one) => one.stop()));
}

/** The certificate authority and name server of this run. */
async function acme(): Promise<Acme> {
  world ??= create();
  return (await world).acme;
}

/** Takes everything away, at once. */
function close(): void {
  killAll();
  if (ledger) clear(ledger);
  ledger = undefined;
  world = undefined;
  hosts.clear();
}

/** The packages that this machine lacks to boot hosts. */
const lacking = (): Promise<string[]> => missing(ENGINE);

async function create(): Promise<LabWorld> {
  await prepareMachine(ENGINE);
  allowWatchers();
  guard();
  ledger = await openLedger(join(cacheFolder(), 'runs'));
  const { folder } = ledger;
  const address = addressIn(ledger, 0);
  const identity = join(folder, 'id_ed25519');
  const [caFile] = await Promise.all([
    certify(folder, address),
    must('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', identity]),
    addBridge(ledger),
  ]);
  return {
    ledger,
    acme: await startAcme(folder, address, caFile),
    resolver: address,
    authority: await readFile(caFile, 'utf8'),
    identity,
    publicKey: await readFile(`${identity}.pub`, 'utf8'),
  };
}

let guarded = false;

/** However this process ends, short of SIGKILL, the lab goes first. */
function guard(): void {
  if (guarded) return;
  guarded = true;
  process.on('exit', close);
  for (const [signal, number] of [
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const)
    process.prependListener(signal, () => process.exit(128 + number));
}

export const lab = { available, lacking, prepare, host, acme, stopHosts, close };
