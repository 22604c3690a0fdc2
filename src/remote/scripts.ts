import { readFileSync } from 'node:fs';

/** In the built program, which is one file, the scripts are beside that file; in the source, beside the modules. */
const BASE = new URL(import.meta.url.endsWith('/program.cjs') ? './' : '../', import.meta.url);

/**
 * The text of a shell script that runs on the host.
 * @param name path below src/: `gather/gather.sh`
 */
export function scriptText(name: string): string {
  return readFileSync(new URL(name, BASE), 'utf8');
}
