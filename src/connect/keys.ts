/** Private key files of the control machine: may they be used, and what do they contain? */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { ParsedKey } from 'ssh2';
import { HardenMailError } from '../model/errors.ts';

/** An existing key file. `public` is the public half in wire format, if it is readable without a passphrase. */
export interface KeyFile {
  readonly path: string;
  readonly text: string;
  readonly encrypted: boolean;
  readonly public?: Buffer;
}

/** `problem` is `missing` if there is no such file. */
export type KeyReading = KeyFile | { readonly path: string; readonly problem: string };

/** Reads one file by OpenSSH's rule (`sshkey_perm_ok`): the user's own key is not used if other users may read it. */
export async function readKeyFile(path: string): Promise<KeyReading> {
  try {
    const { mode, uid } = await stat(path);
    if (uid === userInfo().uid && (mode & 0o077) !== 0) {
      return { path, problem: `others may read it (mode ${(mode & 0o7777).toString(8).padStart(4, '0')}): chmod 600` };
    }
    const text = await readFile(path, 'latin1');
    const header = opensshHeader(text);
    const encrypted = header ? header.cipher !== 'none' : /ENCRYPTED/.test(text);
    const half = header?.public ?? (await publicFile(`${path}.pub`));
    return { path, text, encrypted, ...(half && { public: half }) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { path, problem: code === 'ENOENT' ? 'missing' : message };
  }
}

/** The unencrypted part of OpenSSH's own format (PROTOCOL.key): cipher, kdf, kdf options, count, public key. */
function opensshHeader(text: string): { cipher: string; public: Buffer } | undefined {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(text)?.[1];
  const bytes = Buffer.from(base64 ?? '', 'base64');
  if (bytes.toString('latin1', 0, 15) !== 'openssh-key-v1\0') return undefined;
  let at = 15;
  const field = (): Buffer => {
    const length = bytes.readUInt32BE(at);
    at += 4 + length;
    return bytes.subarray(at - length, at);
  };
  try {
    const cipher = field().toString('latin1');
    field();
    field();
    at += 4;
    return { cipher, public: field() };
  } catch {
    return undefined; // Truncated: parsing the whole file reports it.
  }
}

async function publicFile(path: string): Promise<Buffer | undefined> {
  const text = await readFile(path, 'latin1').catch(() => '');
  const base64 = text.split(/\s+/)[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}

type ParseKey = (data: string, passphrase?: string) => ParsedKey | Error;

/** Keys without a passphrase, by the text of their file: a fleet uses the same ones for each host. */
const parsedKeys = new Map<string, ParsedKey>();

/** @throws HardenMailError KEY_UNUSABLE */
export function parsePrivateKey(file: KeyFile, parse: ParseKey, passphrase?: string): ParsedKey {
  const known = parsedKeys.get(file.text);
  if (known) return known;
  const key = parsedKey(file, parse, passphrase);
  if (!file.encrypted) parsedKeys.set(file.text, quick(key));
  return key;
}

/** ssh2 parses the key again for each signature, which takes longer than the signature. */
function quick(key: ParsedKey): ParsedKey {
  const slow = key.sign.bind(key);
  let held: KeyObject | undefined;
  key.sign = (data, algorithm) => {
    if (typeof data === 'string' || (key.type !== 'ssh-ed25519' && !algorithm)) return slow(data, algorithm);
    try {
      return sign(algorithm, data, (held ??= createPrivateKey(key.getPrivatePEM())));
    } catch {
      return slow(data, algorithm);
    }
  };
  return key;
}

function parsedKey(file: KeyFile, parse: ParseKey, passphrase: string | undefined): ParsedKey {
  const parsed = parse(file.text, passphrase);
  const key = (Array.isArray(parsed) ? (parsed[0] as ParsedKey | undefined) : parsed) ?? new Error('no key in it');
  if (key instanceof Error) throw unusable(file.path, plainly(key.message));
  if (!key.isPrivateKey()) throw unusable(file.path, 'it is a public key; name the private one');
  return key;
}

function plainly(message: string): string {
  if (/passphrase|integrity check/i.test(message)) return 'wrong passphrase';
  if (/unsupported|format/i.test(message))
    return 'it is not an RSA, ECDSA or Ed25519 key (FIDO keys are not supported)';
  return message;
}

export function unusable(path: string, why: string): HardenMailError {
  return new HardenMailError(
    'KEY_UNUSABLE',
    `the key ${path} cannot be used: ${why === 'missing' ? 'there is no such file' : why}`,
    'Name another key with --identity, or load the key into the agent with `ssh-add`.',
  );
}

/** OpenSSH's NumberOfPasswordPrompts. */
export const PASSWORD_TRIES = 3;

const unlocked = new WeakMap<object, Map<string, Promise<ParsedKey>>>();

/**
 * Decrypts a key. Asks for its passphrase once, however many hosts need it.
 * @param asker identifies the user who is asked: one run asks once
 * @throws HardenMailError KEY_UNUSABLE if no answer was right
 */
export function unlock(
  asker: object,
  file: KeyFile,
  parse: ParseKey,
  ask: (text: string) => Promise<string>,
): Promise<ParsedKey> {
  const cache = unlocked.get(asker) ?? new Map<string, Promise<ParsedKey>>();
  unlocked.set(asker, cache);
  const opening = cache.get(file.path) ?? openKey(file, parse, ask);
  cache.set(file.path, opening);
  return opening;
}

async function openKey(file: KeyFile, parse: ParseKey, ask: (text: string) => Promise<string>): Promise<ParsedKey> {
  for (let tries = 1; ; tries += 1) {
    const passphrase = await ask(`Passphrase for ${file.path}: `);
    try {
      return parsePrivateKey(file, parse, passphrase);
    } catch (error) {
      if (tries >= PASSWORD_TRIES) throw error;
    }
  }
}
