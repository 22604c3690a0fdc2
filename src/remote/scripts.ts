import { readFileSync } from 'node:fs';
import { PATHS } from '../model/index.ts';

/** The text of each script by its name below src/, inserted by scripts/build.mjs. In the source, the scripts are beside the modules. */
declare const SCRIPTS: Readonly<Record<string, string>> | undefined;

const raw = (name: string): string =>
  typeof SCRIPTS === 'undefined' ? readFileSync(new URL(`../${name}`, import.meta.url), 'utf8') : (SCRIPTS[name] ?? '');

/**
 * The text of a shell script that runs on the host. The paths that it uses are set after its first comment.
 * @param name path below src/: `gather/gather.sh`
 */
export function scriptText(name: string): string {
  const text = raw(name);
  return text.replace(/^(#.*\n)*/, (head) => head + pathsOf(text));
}

/** `LOCK=/run/harden-mail.lock`, a line for each path that the script uses. No path needs quotes. */
function pathsOf(script: string): string {
  const used = new Set([...script.matchAll(/\$\{?([A-Z][A-Z_]+)/g)].map(([, name]) => name));
  return Object.entries(PATHS)
    .filter(([name]) => used.has(name))
    .map(([name, path]) => `${name}=${path}\n`)
    .join('');
}
