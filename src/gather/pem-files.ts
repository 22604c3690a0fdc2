import type { PemFile } from '../model/index.ts';
import { pemCertificates } from '../x509/pem.ts';

/**
 * The files that gather.sh looked into, each once.
 * @param text for each file `file PATH`, then `real TARGET`, `changed SECONDS`, a line `folder PATH` for each folder, the
 * certificates as PEM, `exposed`, and for each private key `key` and its public half; only the first line if the file does not
 * exist
 */
export function pemFiles(text: string): PemFile[] {
  const blocks = text.split(/^(?=file \/)/m).filter((block) => block.startsWith('file /'));
  return [...new Map(blocks.map(pemFile).map((file) => [file.path, file])).values()];
}

function pemFile(block: string): PemFile {
  const [head = '', ...keys] = block.split(/^key$/m);
  const lines = head.split('\n');
  const all = (word: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  return {
    path: all('file')[0] ?? '',
    target: all('real')[0] ?? '',
    certificates: pemCertificates(head).join('\n'),
    publicKeys: keys.map((key) => key.trim()),
    exposed: lines.includes('exposed'),
    changed: Number(all('changed')[0] ?? 0),
    folders: foldersOf(lines),
  };
}

/** The folders in lines `folder PATH`; the root folder has no name there. */
export function foldersOf(lines: readonly string[]): string[] {
  const named = lines.flatMap((line) => (line.startsWith('folder ') ? [line.slice('folder '.length) || '/'] : []));
  return [...new Set(named)];
}
