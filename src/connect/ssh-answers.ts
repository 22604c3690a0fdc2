/**
 * `ssh -G` once for all hosts of a run to which the same parts of the configuration apply: a process for each host takes 8 ms of CPU. The
 * parts are found by the patterns of the configuration alone. Where anything else of it may depend on the host, each host is asked for.
 */
import { readdir, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { matchesTokens, simpleTokens } from '../formats/text/wildcards.ts';
import type { SshQuery } from './ssh-query.ts';

/** The output of `ssh -G`; undefined without an ssh client. */
type Answer = Promise<string | undefined>;

interface Configuration {
  /** The patterns of its `Host` lines, without `!`. */
  readonly patterns: readonly string[];
  /** The values of its `HostName` lines. */
  readonly names: ReadonlySet<string>;
}

/** By the configuration file of the query; null: each host must be asked for. */
const configurations = new Map<string, Promise<Configuration | null>>();
/** By all that the answer depends on but the host's name: the first host of its kind. */
const answers = new Map<string, { readonly hostname: string; readonly answer: Answer }>();

/** @param ask asks ssh for one host */
export async function sharedAnswer(query: SshQuery, ask: (query: SshQuery) => Answer): Answer {
  const { hostname, ...rest } = query;
  const place = query.file ?? '';
  const reading = configurations.get(place) ?? read(query.file);
  configurations.set(place, reading);
  const configuration = await reading;
  // ssh turns capital letters into small ones, and a name of the configuration's own is not replaced.
  if (!configuration || !/^[a-z0-9.:-]+$/.test(hostname) || configuration.names.has(hostname)) return ask(query);
  const key = JSON.stringify([rest, fitting(configuration.patterns, hostname)]);
  const first = answers.get(key);
  if (!first) {
    const answer = ask(query);
    answers.set(key, { hostname, answer });
    return answer;
  }
  const text = await first.answer.catch(() => null); // an error names its host
  if (text === undefined) return undefined;
  return (text === null ? null : renamed(text, first.hostname, hostname)) ?? ask(query);
}

/** The positions of the patterns that match the name. */
function fitting(patterns: readonly string[], name: string): number[] {
  return patterns.flatMap((pattern, at) => (matches(pattern, name) ? [at] : []));
}

function matches(pattern: string, name: string): boolean {
  return /[*?]/.test(pattern) ? matchesTokens(simpleTokens(pattern), name) : pattern === name;
}

/** The answer for another host; null where it has the first one's name elsewhere too. */
function renamed(text: string, from: string, to: string): string | null {
  const lines = text.split('\n').map((line) => {
    if (line === `host ${from}`) return `host ${to}`;
    if (line === `hostname ${from}`) return `hostname ${to}`;
    return line.includes(from) ? null : line;
  });
  return lines.includes(null) ? null : lines.join('\n');
}

/** Reads the files that ssh reads. Null where more than the patterns of `Host` may depend on the host. */
async function read(file: string | undefined): Promise<Configuration | null> {
  if (file === 'none') return { patterns: [], names: new Set() };
  const own = join(userInfo().homedir, '.ssh');
  const found = { patterns: new Set<string>(), names: new Set<string>() };
  const files =
    file === undefined ? [[join(own, 'config'), own], ['/etc/ssh/ssh_config', '/etc/ssh']] : [[file, own]]; // oxfmt-ignore
  for (const [path = '', folder = ''] of files) if (!(await collect(path, folder, found, 0))) return null;
  return { patterns: [...found.patterns], names: found.names };
}

interface Found {
  readonly patterns: Set<string>;
  readonly names: Set<string>;
}

/** ssh's own limit is 16. */
const MOST_INCLUDES = 8;

/** Collects from a file and the files that it includes. False where each host must be asked for. */
async function collect(path: string, folder: string, found: Found, depth: number): Promise<boolean> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? '' : null,
  );
  if (text === null || depth > MOST_INCLUDES) return false;
  for (const line of text.split('\n')) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, keyword = '', rest = ''] = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? [];
    const words = rest.split(/\s+/).map((word) => word.replace(/^"(.*)"$/, '$1'));
    // `%h` and its like; ssh 9 expands some of them in its answer. Quotes inside of a word and comments behind a value are for ssh.
    if (keyword === '' || /%[^%du]/.test(rest) || /["#]/.test(words.join(''))) return false;
    if (/^(match|canonical.*)$/i.test(keyword)) return false;
    if (/^hostname$/i.test(keyword)) found.names.add(rest.toLowerCase());
    if (/^host$/i.test(keyword)) {
      for (const word of words) found.patterns.add(word.replace(/^!/, ''));
      if (/[A-Z]/.test(rest)) return false;
    }
    if (!/^include$/i.test(keyword)) continue;
    for (const word of words) {
      const included = await includedFiles(word, folder);
      if (!included) return false;
      for (const one of included) if (!(await collect(one, folder, found, depth + 1))) return false;
    }
  }
  return true;
}

/** The files that an `Include` names; null where the name is more than a path with wildcards in its last part. */
async function includedFiles(word: string, folder: string): Promise<string[] | null> {
  const plain = word.replace(/^~(?=\/)/, userInfo().homedir);
  const path = isAbsolute(plain) ? plain : join(folder, plain);
  if (/[[\]{}$~]/.test(path) || /[*?]/.test(dirname(path))) return null;
  if (!/[*?]/.test(path)) return [path];
  const names = await readdir(dirname(path)).catch(() => []);
  const pattern = path.slice(dirname(path).length).replace(/^\/+/, '');
  return names.filter((name) => matches(pattern, name)).map((name) => join(dirname(path), name));
}
