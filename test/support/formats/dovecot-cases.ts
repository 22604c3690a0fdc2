/** The cases in test/cases/dovecot, for the unit tests and for the comparison with the real doveconf. */
import { readdirSync, readFileSync } from 'node:fs';
import { dovecotValue, loadDovecot, removeDovecot, setDovecot } from '../../../src/formats/dovecot/dovecot.ts';
import type { DovecotConfig } from '../../../src/formats/dovecot/dovecot.ts';

/**
 * One case. Files are latin1 text by path, as a string or as lines; a lone text is the root file. A setting's path is
 * written `service auth > unix_listener /x > mode`.
 */
export interface Case {
  readonly name: string;
  readonly files: Files;
  /** What must be read: the value that wins, null for none. */
  readonly values?: Readonly<Record<string, string | null>>;
  /** Where the winning value stands, FILE:LINE. */
  readonly places?: Readonly<Record<string, string>>;
  readonly counts?: Readonly<Record<string, number>>;
  readonly sections?: Readonly<Record<string, boolean>>;
  /** Edits one after the other: path, value (null: remove), home. */
  readonly edits?: readonly (readonly [path: string, value: string | null, home?: string])[];
  /** The files that differ after the edits. */
  readonly after?: Files;
  /** Loading, or an edit, fails with this at the start of the message. */
  readonly error?: string;
  /** Debian releases whose Dovecot reads it so; by default all of the grammar. */
  readonly releases?: readonly string[];
}

type Text = string | readonly string[];
type Files = Text | Readonly<Record<string, Text>>;

export const ROOT = '/etc/dovecot/dovecot.conf';

const folder = new URL('../../cases/dovecot/', import.meta.url);

export const caseFiles = readdirSync(folder).filter((name) => name.endsWith('.json'));

export const casesIn = (file: string): Case[] => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[];

export function filesOf(files: Files): Record<string, string> {
  if (typeof files === 'string' || Array.isArray(files)) return { [ROOT]: textOf(files as Text) };
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [path, textOf(content)]));
}

const textOf = (content: Text): string =>
  typeof content === 'string' ? content : content.map((line) => line + '\n').join('');

export const pathOf = (path: string): string[] => path.split(' > ');

/** The configuration after a case's edits; `check` is called behind each of them. */
export function edit(
  config: DovecotConfig,
  edits: NonNullable<Case['edits']>,
  check: (path: string[], value: string | null, found: ReturnType<typeof dovecotValue>) => void = () => {},
): DovecotConfig {
  for (const [name, value, home = ROOT] of edits) {
    const path = pathOf(name);
    config = value === null ? removeDovecot(config, path) : setDovecot(config, path, value, home).config;
    check(path, value, dovecotValue(config, path));
  }
  return config;
}

export const load = (one: Case): DovecotConfig => loadDovecot(filesOf(one.files), ROOT);
