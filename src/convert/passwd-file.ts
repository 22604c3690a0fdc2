/** The path in a passwd-file's args, as the gatherer names it. */
import { own, type Block } from './blocks.ts';

/** The path with `*` for each variable. */
export const starred = (path: string): string => path.replace(/%[\d.]*[A-Z]*[a-z]|%\{[^}]*\}/g, '*');

/** `scheme=CRYPT username_format=%n /etc/dovecot/users` → the options and the path. */
export function passwdFileArgs(value: string): { readonly options: readonly string[]; readonly path: string } {
  const words = value.split(/\s+/);
  const at = words.findIndex((word) => !/^\w+=/.test(word));
  return at < 0 ? { options: words, path: '' } : { options: words.slice(0, at), path: words.slice(at).join(' ') };
}

/** The default scheme of a passdb's passwords, and its file. */
export function passwordsOf(block: Block): { readonly scheme: string; readonly path: string } {
  const { options, path } = passwdFileArgs(own(block, 'args') ?? '');
  const said = options.find((word) => word.startsWith('scheme='))?.slice('scheme='.length);
  return { scheme: (said ?? 'CRYPT').toUpperCase(), path: starred(path) };
}
