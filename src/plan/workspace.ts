import { HardenMailError } from '../model/errors.ts';
import { PATHS, type Bytes, type Facts, type RemoteFile, type Snapshot } from '../model/index.ts';
import type { ConvertedLine } from '../convert/convert.ts';
import { dovecotFiles, loadDovecot, type DovecotConfig } from '../formats/dovecot/dovecot.ts';
import { mainValue, parseMain, renderMain, type MainCf } from '../formats/postfix/main-cf.ts';
import { parseMaster, renderMaster, services, type MasterCf } from '../formats/postfix/master-cf.ts';
import { converted } from './upgrade/upgrade.ts';
import { satisfies } from '../formats/versions.ts';

export const { MAIN_CF, MASTER_CF, DOVECOT_CONF } = PATHS;

/** A host's files as trees, while a plan is made. Null: the daemon is not installed yet. */
export interface Workspace {
  readonly postfix: { readonly main: MainCf; readonly master: MasterCf } | null;
  readonly dovecot: DovecotConfig | null;
}

/** A workspace, and the lines of Dovecot 2.3 that were converted for it. */
export interface Opened {
  readonly workspace: Workspace;
  readonly converted: readonly ConvertedLine[];
}

/** Several jobs of a host need its trees, which never change. */
const opened = new WeakMap<Snapshot, Opened>();

/**
 * Parses the files of a snapshot.
 * @throws CONFIG_INVALID, with file and line, for what the daemons would refuse
 */
export function openWorkspace(snapshot: Snapshot): Opened {
  const known = opened.get(snapshot);
  if (known) return known;
  const fresh = parsedFiles(snapshot);
  opened.set(snapshot, fresh);
  return fresh;
}

function parsedFiles({ facts, files }: Snapshot): Opened {
  const main = files[MAIN_CF];
  const master = files[MASTER_CF];
  if ((main === undefined) !== (master === undefined)) {
    throw new HardenMailError(
      'CONFIG_INVALID',
      `${main === undefined ? MAIN_CF : MASTER_CF} is missing while ${main === undefined ? MASTER_CF : MAIN_CF} is there`,
      'Restore it from a backup, or copy it from /usr/share/postfix, and run again.',
    );
  }
  const dovecot = Object.values(files).filter(
    ({ path }) => !/^(\/etc\/(postfix|letsencrypt|systemd)|\/var\/lib\/harden-mail)\//.test(path),
  );
  const postfix =
    main && master ? { main: parseMain(main.bytes, MAIN_CF), master: parseMaster(master.bytes, MASTER_CF) } : null;
  if (postfix) assertFew(postfix.master);
  if (files[DOVECOT_CONF] === undefined) return { workspace: { postfix, dovecot: null }, converted: [] };
  const { config, lines } = openDovecot(dovecot, facts);
  return { workspace: { postfix, dovecot: config }, converted: lines };
}

/** Each edit of a plan is judged for each service of Postfix. A host with many instances of smtpd has a hundred. */
const MOST_SERVICES = 1000;
/** Together: each removed option is a new reading of the file. A service has thirty at most. */
const MOST_OPTIONS = 5000;

function assertFew(master: MasterCf): void {
  const all = services(master);
  const options = all.reduce((sum, service) => sum + service.options.length, 0);
  if (all.length > MOST_SERVICES) throw tooMany(`${all.length} services`, MOST_SERVICES);
  if (options > MOST_OPTIONS) throw tooMany(`services with ${options} options`, MOST_OPTIONS);
}

function tooMany(what: string, most: number): HardenMailError {
  return new HardenMailError(
    'CONFIG_INVALID',
    `${MASTER_CF} has ${what}, and more than ${most} are not planned for`,
    'Nothing was written. Remove what nobody needs, and run again.',
  );
}

/**
 * Loads Dovecot's files, and converts files of 2.3 on a host with 2.4. Files of 2.4 cannot be converted to 2.3.
 * @throws CONFIG_INVALID if the files are of 2.4 and the host has an older Dovecot
 */
function openDovecot(
  files: readonly RemoteFile[],
  { dovecot: version, packages, userFields = [] }: Facts,
): { config: DovecotConfig; lines: readonly ConvertedLine[] } {
  const config = loadDovecot(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])), DOVECOT_CONF);
  if (version === null) return { config, lines: [] };
  if (satisfies(version, '>=2.4')) {
    const fields = (path: string): typeof userFields => userFields.filter((one) => one.path === path);
    return converted(config, version, { has: (name) => name in packages, userFields: fields });
  }
  if (config.grammar === '2.4') {
    throw new HardenMailError(
      'CONFIG_INVALID',
      `${DOVECOT_CONF} is written for Dovecot 2.4, and Dovecot ${version} does not start with it`,
      'Install Dovecot 2.4, or restore the earlier files, and run again.',
    );
  }
  return { config, lines: [] };
}

/** All files as they would be written, by path. */
export function renderWorkspace(workspace: Workspace): Record<string, Bytes> {
  const { postfix, dovecot } = workspace;
  return {
    ...(postfix && { [MAIN_CF]: renderMain(postfix.main), [MASTER_CF]: renderMaster(postfix.master) }),
    ...(dovecot && dovecotFiles(dovecot)),
  };
}

/** Reads parameters of main.cf; null if main.cf does not set the parameter or does not exist. */
export function mainReader({ postfix }: Workspace): (name: string) => string | null {
  return (name) => (postfix ? (mainValue(postfix.main, name)?.value ?? null) : null);
}
