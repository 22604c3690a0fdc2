/**
 * Dovecot's configuration (2.2 to 2.4): parsed as the daemon parses it, and edited without the loss of a byte.
 *
 * A path is section headers, with single spaces, then the setting: `['ssl']`, `['protocol imap', 'mail_plugins']`,
 * `['service auth', 'unix_listener /var/spool/postfix/private/auth', 'mode']`. In 2.4 all spellings of a setting are equal:
 * `['ssl_server', 'cert_file']` and `['ssl_server_cert_file']`.
 */
import type { Bytes } from '../../model/index.ts';
import type { DovecotConfig } from './dovecot-config.ts';
import { sectionAt, sourcesOf } from './dovecot-lookup.ts';

export { loadDovecot } from './dovecot-config.ts';
export type { DovecotConfig } from './dovecot-config.ts';
export { removeDovecot, removeEmptyBlock, setDovecot } from './dovecot-edit.ts';

/** A value as `doveconf -n` shows it, and its position; `line` counts from 1. */
export interface DovecotEntry {
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/** The occurrence that wins in the daemon's order, or null if there is none. */
export function dovecotValue(config: DovecotConfig, path: readonly string[]): DovecotEntry | null {
  return dovecotEntries(config, path).at(-1) ?? null;
}

/**
 * Every occurrence, in the daemon's order, each with the value after that line: for a list written as a block (2.4) the members
 * so far, for `mail_plugins = $mail_plugins quota` the whole value.
 */
export function dovecotEntries(config: DovecotConfig, path: readonly string[]): DovecotEntry[] {
  return sourcesOf(config, path).map(({ value, file, setting }) => ({ value, file, line: setting.line }));
}

/** Does such a block exist? The path has headers only. */
export function hasSection(config: DovecotConfig, path: readonly string[]): boolean {
  return sectionAt(config.top, path) !== null;
}

/** The bytes of all files; files without an edit are unchanged. */
export function dovecotFiles(config: DovecotConfig): Record<string, Bytes> {
  return { ...config.files };
}
