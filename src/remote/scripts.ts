import { readFileSync } from 'node:fs';
import { PATHS } from '../model/index.ts';

/** In the built program, which is one file, the scripts are beside that file; in the source, beside the modules. */
const BASE = new URL(import.meta.url.endsWith('/program.cjs') ? './' : '../', import.meta.url);

/**
 * The text of a shell script that runs on the host. The paths that it uses are set after its first comment.
 * @param name path below src/: `gather/gather.sh`
 */
export function scriptText(name: string): string {
  const text = readFileSync(new URL(name, BASE), 'utf8');
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
