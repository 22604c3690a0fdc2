/** What the real postconf of a release says of a main.cf and a master.cf. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { oracleRoot, runIn } from '../support/debs.ts';
import type { Release } from '../support/debs.ts';
import { mainView, optionView, serviceView } from './postfix-view.ts';

/** Bytes, one char each. */
export interface Files {
  readonly main?: string;
  readonly master?: string;
}

export interface Verdict {
  /** Does postconf accept both files? */
  readonly accepted: boolean;
  /** `postconf -n`: the parameters that main.cf sets, `$name` as it stands, runs of blanks as one. */
  readonly main: ReadonlyMap<string, string>;
  /** `postconf -M`, a line for each service. */
  readonly services: readonly string[];
  /** `postconf -P`: `smtp/inet/name = value`, sorted, each line once. */
  readonly options: readonly string[];
  readonly stderr: string;
}

/**
 * `postconf -M` cuts `-osyslog_name=x` at each further `o`; the daemons read it with getopt and do not (seen with
 * `smtpd -S -osmtpd_banner=to_o`), and neither do we. So this form cannot be compared.
 */
export const isComparable = (master: string) => !/\s-o\w/.test(master);

/** dash runs the loop in there: one chroot for all files instead of three for each. */
const PACKAGES = ['dash', 'postfix', 'postfix-doc'];

/** The folder with the release's Postfix unpacked in it. */
export const postfixRoot = (release: Release) => oracleRoot(release, PACKAGES);

const known = new Map<string, Verdict>();

/**
 * What it says of each, in their order; the same bytes are judged once only. The options take a process more: without them
 * `options` is empty.
 */
export async function judge(release: Release, all: readonly Files[], withOptions = true): Promise<Verdict[]> {
  const keys = all.map((files) => JSON.stringify([release, files, withOptions]));
  const fresh = new Map(keys.map((key, index) => [key, all[index] ?? {}]));
  for (const key of known.keys()) fresh.delete(key);
  const verdicts = await judgeEach(release, [...fresh.values()], withOptions);
  [...fresh.keys()].forEach((key, index) => known.set(key, verdicts[index]!));
  return keys.map((key) => known.get(key)!);
}

async function judgeEach(release: Release, all: readonly Files[], withOptions: boolean): Promise<Verdict[]> {
  const root = await postfixRoot(release);
  await mkdir(join(root, 'dev'), { recursive: true });
  await writeFile(join(root, 'dev/null'), '', { flag: 'a' }); // what a shell's background jobs read
  const folder = await mkdtemp(join(root, 'tmp', 'judge-'));
  try {
    await Promise.all(all.map((files, index) => write(join(folder, String(index)), files, withOptions)));
    // A Postfix program that refuses its files takes a second before it ends: several do at a time.
    const script = `cd /tmp/${basename(folder)} && for d in *; do
      { read -r modes <"$d/modes"; for m in $modes; do
        postconf -c "$PWD/$d" -$m >"$d/$m" 2>>"$d/stderr" || echo "$m" >>"$d/failed"
      done; } &
      n=$((n + 1)); [ $((n % 16)) != 0 ] || wait
    done; wait`;
    const { code, stderr } = await runIn(root, ['/bin/dash', '-c', script]);
    if (code !== 0) throw new Error(`postconf of ${release}: ${stderr}`);
    return await Promise.all(all.map((_, index) => read(join(folder, String(index)))));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(folder: string, { main, master }: Files, withOptions: boolean): Promise<void> {
  await mkdir(folder);
  const modes = [
    ...(main === undefined ? [] : ['n']),
    ...(master === undefined ? [] : withOptions ? ['M', 'P'] : ['M']),
  ];
  await writeFile(join(folder, 'modes'), `${modes.join(' ')}\n`);
  for (const [name, bytes] of [
    ['main.cf', main],
    ['master.cf', master],
  ] as const) {
    await writeFile(join(folder, name), bytes ?? '', 'latin1');
    // Postfix waits for a file that was changed within the last second to cool down.
    await utimes(join(folder, name), 1e9, 1e9);
  }
}

async function read(folder: string): Promise<Verdict> {
  const text = (name: string) => readFile(join(folder, name), 'latin1').catch(() => '');
  const linesOf = async (name: string) => (await text(name)).split('\n').slice(0, -1);
  const settings = (await linesOf('n')).map((line): [string, string] => {
    const [name = '', ...rest] = line.split(' =');
    return [name, rest.join(' =').replace(/^ /, '')];
  });
  return {
    accepted: (await text('failed')) === '',
    main: new Map(settings.filter(([name]) => name !== 'config_directory')),
    services: await linesOf('M'),
    options: [...new Set(await linesOf('P'))].sort(),
    stderr: await text('stderr'),
  };
}

/** Our view is the real one. Parameters that nothing uses, or nobody may set, are not shown by postconf but warned of. */
export function agree({ main, master }: Files, verdict: Verdict): void {
  assert.ok(verdict.accepted, verdict.stderr);
  if (main !== undefined) {
    const ours = mainView(main);
    ours.delete('config_directory'); // which postconf was told
    for (const name of ours.keys()) {
      const printed = name.replace(/[^ -~]/g, '?');
      const warnings = ['unused parameter', 'read-only parameter assignment'].map((why) => `${why}: ${printed}=`);
      if (!verdict.main.has(name) && warnings.some((one) => verdict.stderr.includes(one))) ours.delete(name);
    }
    assert.deepEqual(ours, verdict.main);
  }
  if (master !== undefined) {
    assert.deepEqual(serviceView(master), verdict.services);
    assert.deepEqual(optionView(master), verdict.options);
  }
}
