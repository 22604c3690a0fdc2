/**
 * Dovecot's configuration (2.2 to 2.4): read as the daemon reads it, edited without losing a byte.
 *
 * A path is section headers, with single spaces, then the setting: `['ssl']`, `['protocol imap', 'mail_plugins']`,
 * `['service auth', 'unix_listener /var/spool/postfix/private/auth', 'mode']`. In 2.4 all spellings of a setting are one:
 * `['ssl_server', 'cert_file']` and `['ssl_server_cert_file']`.
 */
import type { Bytes } from '../../model/index.ts';
import type { DovecotConfig } from './dovecot-config.ts';
import { sectionAt, sourcesOf } from './dovecot-lookup.ts';

export { loadDovecot } from './dovecot-config.ts';
export type { DovecotConfig } from './dovecot-config.ts';
export { removeDovecot, removeEmptyBlock, setDovecot } from './dovecot-edit.ts';

/** A value as `doveconf -n` shows it, and where it stands; `line` counts from 1. */
export interface DovecotEntry {
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** The occurrence that wins by the daemon's order, or null where the setting stands nowhere. */
export function dovecotValue(config: DovecotConfig, path: readonly string[]): DovecotEntry | null {
  return dovecotEntries(config, path).at(-1) ?? null;
}

/**
 * Every occurrence, in the daemon's order, each with the value as it is once that line is read: of a list that is written
 * as a block (2.4) the members so far, of `mail_plugins = $mail_plugins quota` the whole.
 */
export function dovecotEntries(config: DovecotConfig, path: readonly string[]): DovecotEntry[] {
  return sourcesOf(config, path).map(({ value, file, setting }) => ({ value, file, line: setting.line }));
}

/** Is there such a block? The path is headers only. */
export function hasSection(config: DovecotConfig, path: readonly string[]): boolean {
  return sectionAt(config.top, path) !== null;
}

/** All bytes as they are now; files that were not edited are the same as they came. */
export function dovecotFiles(config: DovecotConfig): Record<string, Bytes> {
  return { ...config.files };
}
