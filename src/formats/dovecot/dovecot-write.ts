/** Writes values and block headers, and replaces bytes. */
import { HardenMailError } from '../../model/errors.ts';
import type { Bytes } from '../../model/index.ts';
import { loadDovecot } from './dovecot-config.ts';
import type { DovecotConfig } from './dovecot-config.ts';

/** A change of one file: `text` replaces the bytes from `start` to `end`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: Bytes;
}

/** The configuration with several places of one file replaced; the places do not overlap. */
export function splice(config: DovecotConfig, file: string, splices: readonly Splice[]): DovecotConfig {
  const bytes = config.files[file]!;
  const parts: Bytes[] = [];
  let at = 0;
  for (const { start, end, text } of [...splices].sort((a, b) => a.start - b.start)) {
    if (start < at || end < start) {
      throw new HardenMailError(
        'CONFIG_CONFLICT',
        `${file} cannot be edited: its first line continues another file, which ends with a '\\'`,
        "Remove the '\\' at the end of that file, then run again.",
      );
    }
    parts.push(bytes.slice(at, start), text);
    at = end;
  }
  return loadDovecot({ ...config.files, [file]: parts.join('') + bytes.slice(at) }, config.root);
}

/** Adds whole lines at the beginning of a line or at the end of the file, with the file's own end of line. */
export function addLines(config: DovecotConfig, file: string, at: number, lines: readonly string[]): DovecotConfig {
  const bytes = config.files[file]!;
  const eol = eolAt(bytes, at);
  const head = at > 0 && bytes[at - 1] !== '\n' ? eol : '';
  return splice(config, file, [{ start: at, end: at, text: head + lines.map((line) => line + eol).join('') }]);
}

function eolAt(bytes: Bytes, at: number): string {
  const before = at === 0 ? -1 : bytes.lastIndexOf('\n', at - 1);
  const newline = before >= 0 ? before : bytes.indexOf('\n');
  return newline > 0 && bytes[newline - 1] === '\r' ? '\r\n' : '\n';
}

/** Is a bare value more than its characters: a file's content, a variable? */
export const isLive = (value: string): boolean => value.startsWith('<') || value.includes('$');

/**
 * The value as it must be written to be read back unchanged: bare, else in double quotes.
 * @param isMore is a bare value more than its characters? In 2.4 a `$` within it is not
 * @throws HardenMailError CONFIG_INVALID if neither form can have it
 */
export function written(value: string, isMore = isLive): string {
  if (!/[#"'\\\n\r\0]|^\s|\s$/.test(value)) return value;
  if (isMore(value) || /[\n\r\0]/.test(value)) {
    throw new HardenMailError(
      'CONFIG_INVALID',
      `Dovecot's syntax cannot express the value ${JSON.stringify(value)}`,
      'Choose a value without `#`, quotes and line ends.',
    );
  }
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}

/** `type name {`; the name is in quotes if it would not be read as one word. */
export function openBlock(header: string): string {
  const space = header.indexOf(' ');
  const name = header.slice(space + 1);
  if (space < 0 || header.startsWith('group ') || /^[^\s#"'\\{]+$/.test(name)) return `${header} {`;
  return `${header.slice(0, space)} "${name.replace(/\\/g, '\\\\')}" {`;
}
