/** A capture without secrets: the only form in which it reaches a copy, on this machine or on another one. */
import type { Capture, CapturedFile } from './capture.ts';
import { cluesOf, withStandIns, type Clues } from './stand-ins.ts';

export interface CleanFile extends CapturedFile {
  /** Something in it was replaced. A file as captured has no such mark, so the compiler refuses it here. */
  readonly replaced: boolean;
}

export interface CleanCapture extends Omit<Capture, 'files' | 'stock'> {
  readonly files: readonly CleanFile[];
  /** Of the files as they were: the plan for the copy is compared by the same ones. */
  readonly clues: Clues;
}

export function cleanCapture(capture: Capture): CleanCapture {
  const { files, listing, saslauthd, stock: _, ...rest } = capture;
  const clues = cluesOf(capture);
  const paths = new Set([...files.map(({ path }) => path), ...listing]);
  const names = new Set([...paths].map((path) => path.slice(path.lastIndexOf('/') + 1)));
  return {
    ...rest,
    listing,
    saslauthd: saslauthd.map(withoutOtherWords),
    files: files.map((file) => ({ ...file, ...withStandIns(file, clues) })),
    // A word of a secret may look like a path: only those of files stay.
    clues: { ...clues, secretPaths: among(clues.secretPaths, paths), tables: among(clues.tables, names) },
  };
}

/** The mechanism and the folder of its socket, as src/rehearse/saslauthd.ts reads them. */
function withoutOtherWords(line: string): string {
  const words = [/\s-a *[\w-]+/, /\s-m *\/\S+/].map((pattern) => pattern.exec(line)?.[0] ?? '');
  return `saslauthd${words.join('')}`;
}

function among(found: ReadonlySet<string>, known: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...found].filter((one) => known.has(one)));
}
