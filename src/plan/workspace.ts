import { HardenMailError } from '../errors.ts';
import type { Bytes, Snapshot } from '../model.ts';
import { dovecotFiles, loadDovecot, type DovecotConfig } from '../formats/dovecot.ts';
import { parseMain, renderMain, type MainCf } from '../formats/postfix-main.ts';
import { parseMaster, renderMaster, type MasterCf } from '../formats/postfix-master.ts';

export const MAIN_CF = '/etc/postfix/main.cf';
export const MASTER_CF = '/etc/postfix/master.cf';
export const DOVECOT_CONF = '/etc/dovecot/dovecot.conf';

/** A host's files as trees, while a plan is being made. A room that is null is not there yet: not installed. */
export interface Workspace {
  readonly postfix: { readonly main: MainCf; readonly master: MasterCf } | null;
  readonly dovecot: DovecotConfig | null;
  /** Whole files of our own, by path. */
  readonly own: Readonly<Record<string, Bytes>>;
}

/** Parses what was read. Throws CONFIG_INVALID with file and line for what the daemons would refuse. */
export function openWorkspace({ files }: Snapshot): Workspace {
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
    dovecot: files[DOVECOT_CONF]
      ? loadDovecot(Object.fromEntries(dovecot.map(({ path, bytes }) => [path, bytes])), DOVECOT_CONF)
      : null,
    own: {},
  };
}

/** All files as they would be written, by path. */
export function renderWorkspace(workspace: Workspace): Record<string, Bytes> {
  const { postfix, dovecot, own } = workspace;
  return {
    ...(postfix && { [MAIN_CF]: renderMain(postfix.main), [MASTER_CF]: renderMaster(postfix.master) }),
    ...(dovecot && dovecotFiles(dovecot)),
    ...own,
  };
}
