/** The files that a plan changes: configuration, files of harden-mail's own, and its record. Pure. */
import { HardenMailError } from '../model/errors.ts';
import type { Bytes, Change, Note, RemoteFile, SettingChange, Snapshot } from '../model/index.ts';
import type { OwnFile } from '../tasks/task.ts';
import { RECORD } from './profile/record.ts';

/** Every file whose bytes differ. Links are followed: their target is written, once. */
export function changesOf(rendered: Readonly<Record<string, Bytes>>, { files }: Snapshot): Change[] {
  const byTarget = new Map<string, Change>();
  for (const [path, after] of Object.entries(rendered)) {
    const file = files[path];
    if (!file || file.bytes === after) continue;
    assertOurs(file.target, path, after);
    const other = byTarget.get(file.target);
    if (other && other.after !== after) {
      throw new HardenMailError(
        'CONFIG_CONFLICT',
        `${other.path} and ${path} are one file (${file.target}), and would have to become two different ones`,
        'Nothing was written. Make one of them a file of its own, and run again.',
      );
    }
    byTarget.set(file.target, changeOf(file, after));
  }
  return [...byTarget.values()];
}

/**
 * Files that the package scripts of Dovecot 2.4 write over those of 2.3 when dpkg configures the packages. A failed upgrade has
 * not done that, so the plan does it.
 */
const PROTOCOL_FILE = /^\/usr\/share\/dovecot\/protocols\.d\/[^/]+\.protocol$/;
const PROTOCOL = /^protocols \{\n {2}\w+ = yes\n\}\n$/;

/**
 * Refuses to edit a file of a package: the next upgrade would overwrite the edit without a message.
 * @throws CONFIG_CONFLICT
 */
function assertOurs(target: string, path: string, after: Bytes): void {
  if (PROTOCOL_FILE.test(target) && PROTOCOL.test(after)) return;
  if (/^\/(usr|lib|bin|sbin)\//.test(target)) {
    throw new HardenMailError(
      'CONFIG_CONFLICT',
      `a setting that must change stands in ${path}${target === path ? '' : ` (${target})`}, which belongs to a package`,
      'Nothing was written. Set it in /etc instead, behind the place that includes this file, and run again.',
    );
  }
}

export function ownChange(
  { path, bytes: after, mode, owner, gone }: OwnFile,
  { files }: Pick<Snapshot, 'files'>,
): Change[] {
  const file = files[path];
  if (gone) return file?.bytes === after && files[RECORD] ? [changeOf(file, null)] : [];
  if (!file) return after === null ? [] : [{ path, target: path, before: null, after, sha256: '', mode, owner }];
  return file.bytes === after ? [] : [changeOf(file, after)];
}

function changeOf({ path, target, bytes: before, sha256, mode, owner }: RemoteFile, after: Bytes | null): Change {
  return { path, target, before, after, sha256, mode, owner };
}

/** An existing file keeps the admin's mode; a note reports a mode that keeps the file from working. */
export function ownNote({ path, mode }: OwnFile, { files }: Snapshot): Note[] {
  const file = files[path];
  const runs = (octal: string): boolean => (Number.parseInt(octal, 8) & 0o100) !== 0;
  if (!file || !runs(mode) || runs(file.mode)) return [];
  const text = `${path} is not executable, so certbot does not run it: chmod +x ${path}`;
  return [{ task: 'certbot', level: 'warning', text }];
}

/** The record is in the same transaction as the settings, so a rollback restores both. */
export function recordChange(record: Bytes | null, { files }: Snapshot): Change[] {
  const file = files[RECORD];
  if (record !== null) return ownChange({ path: RECORD, bytes: record, mode: '0644', owner: 'root:root', why: '' }, { files }); // oxfmt-ignore
  return file ? [{ ...changeOf(file, ''), after: null }] : [];
}

/** A setting in an existing file is a change only if the file's bytes change. */
export function isWritten({ file }: SettingChange, { files }: Snapshot, changes: readonly Change[]): boolean {
  return (
    files[file] === undefined || changes.some(({ path, target }) => path === file || target === files[file]?.target)
  );
}
