import { HardenMailError } from '../errors.ts';
import type { Bytes, RemoteFile, Snapshot } from '../model.ts';
import { dovecotFiles, loadDovecot, type DovecotConfig } from '../formats/dovecot.ts';
import { parseMain, renderMain, type MainCf } from '../formats/postfix-main.ts';
import { parseMaster, renderMaster, type MasterCf } from '../formats/postfix-master.ts';
import { satisfies } from './versions.ts';

export const MAIN_CF = '/etc/postfix/main.cf';
export const MASTER_CF = '/etc/postfix/master.cf';
export const DOVECOT_CONF = '/etc/dovecot/dovecot.conf';

/** A host's files as trees, while a plan is being made. A room that is null is not there yet: not installed. */
export interface Workspace {
  readonly postfix: { readonly main: MainCf; readonly master: MasterCf } | null;
  readonly dovecot: DovecotConfig | null;
}

/** Parses what was read. Throws CONFIG_INVALID with file and line for what the daemons would refuse. */
export function openWorkspace({ facts, files }: Snapshot): Workspace {
  const main = files[MAIN_CF];
  const master = files[MASTER_CF];
  if ((main === undefined) !== (master === undefined)) {
    throw new HardenMailError(
      'CONFIG_INVALID',
      `${main === undefined ? MAIN_CF : MASTER_CF} is missing while ${main === undefined ? MASTER_CF : MAIN_CF} is there`,
      'Restore it from a backup, or take it anew from /usr/share/postfix, and run again.',
    );
  }
  const dovecot = Object.values(files).filter(
    ({ path }) => !path.startsWith('/etc/postfix/') && !path.startsWith('/etc/letsencrypt/'),
  );
  return {
    postfix:
      main && master ? { main: parseMain(main.bytes, MAIN_CF), master: parseMaster(master.bytes, MASTER_CF) } : null,
    dovecot: files[DOVECOT_CONF] ? openDovecot(dovecot, facts.dovecot) : null,
  };
}

/** Throws CONFIG_INVALID for files of another age as well: after an upgrade to 2.4 it does not start with 2.3's. */
function openDovecot(files: readonly RemoteFile[], version: string | null): DovecotConfig {
  const config = loadDovecot(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes])), DOVECOT_CONF);
  const grammar = version === null || satisfies(version, '>=2.4') ? '2.4' : '2.3';
  if (version !== null && config.grammar !== grammar) {
    throw new HardenMailError(
      'CONFIG_INVALID',
      `${DOVECOT_CONF} is written for Dovecot ${config.grammar}, and Dovecot ${version} does not start with it`,
      "Take the release's own files (*.ucf-dist or *.dpkg-dist beside yours), carry your settings over, and run again.",
    );
  }
  return config;
}

/** All files as they would be written, by path. */
export function renderWorkspace(workspace: Workspace): Record<string, Bytes> {
  const { postfix, dovecot } = workspace;
  return {
    ...(postfix && { [MAIN_CF]: renderMain(postfix.main), [MASTER_CF]: renderMaster(postfix.master) }),
    ...(dovecot && dovecotFiles(dovecot)),
  };
}
