import { PATHS, type Lineage, type RemoteFile } from '../model/index.ts';
import { parseCertificate } from '../x509/pem.ts';

const LIVE = `${PATHS.LIVE}/`;

/**
 * The lineages under /etc/letsencrypt/live.
 * @param keys the folders that have a key, each followed by the key's public half as PEM; nothing if the key cannot be read,
 * `unknown` if the host has no openssl
 * @param names the lines `taken`, `own`, `hooked` and `exposed` of gather.sh
 */
export function lineages(files: readonly RemoteFile[], keys: string, names: readonly string[]): Lineage[] {
  const publics = publicHalves(keys);
  const own = new Map(
    names.flatMap((line) => {
      const [, name, how] = /^own (.+) (\S+)$/.exec(line) ?? [];
      return name !== undefined && how !== undefined ? [[name, how] as const] : [];
    }),
  );
  return files.flatMap(({ path, bytes }) => {
    if (!path.startsWith(LIVE)) return [];
    const name = path.slice(LIVE.length).split('/')[0] ?? '';
    const key = belongs(publics.get(`${LIVE}${name}/`) ?? '', bytes);
    const exposed = names.includes(`exposed ${name}`);
    const hooked = names.includes(`hooked ${name}`);
    const authenticator = own.get(name) ?? null;
    return [{ name, chain: bytes, key, authenticator, ...(exposed && { exposed }), ...(hooked && { hooked }) }];
  });
}

/** The public halves by folder. A line that begins with a slash need not be a folder: base64 has slashes too. */
export function publicHalves(keys: string): Map<string, string> {
  return new Map(
    keys.split(/^(?=\/etc\/letsencrypt\/live\/)/m).map((block) => {
      const [folder = '', ...pem] = block.trim().split('\n');
      return [folder, pem.join('\n')];
    }),
  );
}

export function takenNames(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((line) => /^taken (.+)$/.exec(line)?.[1] ?? []))];
}

function belongs(publicKey: string, chain: string): boolean {
  if (publicKey === 'unknown') return true;
  try {
    const key = parseCertificate(chain)?.publicKey;
    return key?.export({ type: 'spki', format: 'pem' }).toString().trim() === publicKey;
  } catch {
    return false;
  }
}
