import { HardenMailError } from '../../model/errors.ts';
import {
  PATHS,
  PROFILES,
  SERVICES,
  WISHES,
  type Bytes,
  type Profile,
  type Service,
  type Sni,
  type Snapshot,
  type Wish,
} from '../../model/index.ts';
import type { Address } from '../place/address.ts';

/**
 * The file with the host's profile and the value of each setting before the profile changed it. Without it, strict cannot be
 * taken back.
 */
export const { RECORD } = PATHS;

/** One setting that strict changed. `before` is null if it was not set there. */
export interface Remembered {
  /** The fragment's id, for the reader. */
  readonly by: string;
  readonly at: Address;
  readonly before: string | null;
  readonly after: string | null;
  /** The layout of `before`, if the value alone would not restore the same bytes (main.cf only). */
  readonly text?: Bytes;
}

export interface ProfileRecord {
  readonly profile: Profile;
  readonly asked: readonly Wish[];
  readonly settings: readonly Remembered[];
  /** Additional names: an apply without an inventory keeps them. */
  readonly sni: readonly Sni[];
  /** Services that --no-serve left out of a host without Dovecot. Nothing else on the host shows that choice. Absent: none. */
  readonly noServe?: readonly Service[];
}

const NONE: ProfileRecord = { profile: 'standard', asked: [], settings: [], sni: [] };
const VERSION = 1;

/**
 * The host's record; a host without a record has the standard profile.
 * @throws CONFIG_INVALID if the file does not have this tool's format
 */
export function readRecord({ files }: Pick<Snapshot, 'files'>): ProfileRecord {
  const file = files[RECORD];
  if (file === undefined) return NONE;
  const found = parse(file.bytes);
  if (found !== null) return found;
  throw new HardenMailError(
    'CONFIG_INVALID',
    `${RECORD} is not what harden-mail wrote there, or a newer harden-mail wrote it`,
    'Nothing was written. Restore it from a backup; or move it away: then the settings that strict made count as your own, and stay.',
  );
}

/** One line per setting, so that its diff is readable. */
export function renderRecord({ profile, asked, settings, sni, noServe = [] }: ProfileRecord): Bytes {
  const lines = settings.map((one) => `    ${ascii(JSON.stringify(one))}`).join(',\n');
  const head = [
    `  "version": ${VERSION}`,
    `  "profile": "${profile}"`,
    `  "asked": ${JSON.stringify(asked)}`,
    ...(sni.length > 0 ? [`  "sni": ${JSON.stringify(sni)}`] : []),
    ...(noServe.length > 0 ? [`  "noServe": ${JSON.stringify(noServe)}`] : []),
  ].join(',\n');
  return `{\n${head},\n  "settings": [${lines && `\n${lines}\n  `}]\n}\n`;
}

/** Values are bytes in any encoding. Bytes above 0x7e become JSON escapes, which parse to the same bytes. */
function ascii(json: string): string {
  return json.replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function parse(bytes: Bytes): ProfileRecord | null {
  try {
    const { version, profile, asked, settings, sni = [], noServe = [] } = JSON.parse(bytes) as Record<string, unknown>;
    if (version !== VERSION || !Array.isArray(asked) || !Array.isArray(settings)) return null;
    if (!Array.isArray(noServe)) return null;
    if (!Array.isArray(sni) || !sni.every(isSni)) return null;
    if (!(PROFILES as readonly unknown[]).includes(profile) || !settings.every(isRemembered)) return null;
    const left = SERVICES.filter((service) => noServe.includes(service));
    return {
      profile: profile as Profile,
      asked: WISHES.filter((wish) => asked.includes(wish)),
      settings,
      sni,
      ...(left.length > 0 && { noServe: left }),
    };
  } catch {
    return null;
  }
}

function isRemembered(one: unknown): one is Remembered {
  const { by, at, before, after, text } = (one ?? {}) as Record<string, unknown>;
  const isValue = (value: unknown): boolean => value === null || isText(value);
  return isText(by) && isAddress(at) && isValue(before) && isValue(after) && (text === undefined || isText(text));
}

function isSni(one: unknown): one is Sni {
  const { names, cert, key } = (one ?? {}) as Record<string, unknown>;
  const own = (cert === undefined && key === undefined) || (isText(cert) && isText(key));
  return own && Array.isArray(names) && names.length > 0 && names.every(isText);
}

function isAddress(at: unknown): at is Address {
  const { in: where, setting, service, path, home } = (at ?? {}) as Record<string, unknown>;
  if (where === 'main.cf') return isText(setting);
  if (where === 'master.cf') return isText(service) && (setting === undefined || isText(setting));
  return where === 'dovecot' && Array.isArray(path) && path.length > 0 && path.every(isText) && isText(home);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
