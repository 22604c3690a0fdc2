import type { Provided } from '../model/index.ts';
import { foldersOf } from './pem-files.ts';

/**
 * The certificate that the admin brings, as gather.sh reports it.
 * @param lines `cert PATH MODE CHANGED KIND` and the same for `key`, with `missing` if the file does not exist; `exposed`;
 * `inside`
 * @param chain the certificates of the file, PEM
 * @param publicKey the key's public half, PEM; empty if the key gives none, `unknown` if the host has no openssl
 * @param folders lines `folder PATH`: the folders where a replacement of one of the files would show
 */
export function provided(
  lines: readonly string[],
  chain: string,
  publicKey: string,
  folders: readonly string[] = [],
): Provided | undefined {
  const of = (word: string): { path: string; file: boolean; changed: number } => {
    const line = lines.find((one) => one.startsWith(`${word} `)) ?? '';
    const [, path = '', , changed, kind = ''] = line.split(' ');
    return { path, file: kind === 'regular', changed: Number(changed) || 0 };
  };
  const [cert, key] = [of('cert'), of('key')];
  if (cert.path === '') return undefined;
  return {
    cert: cert.path,
    key: key.path,
    chain: chain.trim(),
    publicKey: publicKey.trim(),
    missing: [cert, key].flatMap(({ path, file }) => (file ? [] : [path])),
    exposed: lines.includes('exposed'),
    keyInside: lines.includes('inside'),
    changed: Math.max(cert.changed, key.changed),
    ...(folders.length > 0 && { folders: foldersOf(folders) }),
  };
}
