/** The scripts of Sieve: where they are, their order, and those that imapsieve runs. */
import { nested, refuse, set, type Converted, type OldSetting, type Scope } from './conversion.ts';
import { mailboxName, ofMailbox } from './mailboxes.ts';
import { convertVariables } from './variables.ts';

/** `file:~/sieve;active=~/.dovecot.sieve` → the settings of a `sieve_script` block. */
function location(value: string): string[] | { readonly refuse: string } {
  const [head = '', ...options] = value.split(';');
  const [, type = 'file', path = ''] = /^(?:([a-z]+):)?(.*)$/.exec(head) ?? [];
  if (type !== 'file') return refuse(`rewrite the location ${type}: in 2.4 syntax: harden-mail cannot convert it`);
  const lines = ['driver = file'];
  const add = (name: string, text: string): { readonly refuse: string } | null => {
    const converted = convertVariables(text, name);
    if (typeof converted !== 'string') return converted;
    lines.push(set(name, converted));
    return null;
  };
  let problem = add('path', path);
  for (const option of options) {
    const [, name = option, text = ''] = /^([^=]*)=(.*)$/.exec(option) ?? [];
    const now = { active: 'active_path', bindir: 'bin_path', name: 'name' }[name];
    problem ??=
      now === undefined ? refuse(`rewrite ${option} in 2.4 syntax: harden-mail cannot convert it`) : add(now, text);
  }
  return problem ?? lines;
}

/**
 * The user's own scripts. In the old style `sieve` is the active script, and `sieve_dir` the folder of the others. A path alone is of this style, too:
 * 2.4 would take it for the folder, and ManageSieve would find no script.
 */
export function personal({ value }: OldSetting, { plugin }: Scope): Converted {
  const folder = plugin('sieve_dir') ?? (/^[a-z]+:/.test(value) ? null : '~/sieve');
  const old = folder !== null && !value.includes(';');
  const lines = location(old ? `file:${folder};active=${value.replace(/^file:/, '')}` : value);
  if (!Array.isArray(lines)) return lines;
  return { lines: [...nested('sieve_script personal', lines), ...(longVacations(plugin) ? [LONG_VACATIONS] : [])] };
}

/** In 2.3 there was no limit for the days of a vacation that tells each sender once; 2.4's default is 60 days, and it knows no "unlimited". */
export const LONG_VACATIONS = 'sieve_vacation_max_period = 36500 days';

const longVacations = (plugin: Scope['plugin']): boolean => plugin('sieve_vacation_max_period') === null;

/** Does a line that loads the plugin have to say it? Else the one does that names the scripts. */
export const needsLongVacations = ({ plugin }: Scope): boolean =>
  longVacations(plugin) && plugin('sieve') === null && plugin('sieve_dir') === null;

/** A script, or a folder of scripts, that runs before or after the user's own, or instead of them. */
export function script(type: string) {
  return ({ key, value }: Pick<OldSetting, 'key' | 'value'>): Converted => {
    if (value === '') return { drop: true };
    const lines = location(value);
    const number = /\d+$/.exec(key)?.[0] ?? '';
    if (!Array.isArray(lines)) return lines;
    return { lines: nested(`sieve_script ${type}${number}`, [`type = ${type}`, ...lines]) };
  };
}

interface Sequence {
  /** The settings that 2.3 reads, in the order in which it does. */
  readonly run: ReadonlySet<string>;
  /** The first of them in the file. */
  readonly written: string | undefined;
  readonly isInOrder: boolean;
}

const sequences = new WeakMap<Scope, Map<string, Sequence>>();

/** Asked for each of them, computed once: a file may have thousands. */
function sequence(first: string, scope: Scope): Sequence {
  const known = sequences.get(scope) ?? new Map<string, Sequence>();
  sequences.set(scope, known);
  const found = known.get(first);
  if (found !== undefined) return found;
  const run: string[] = [];
  for (let name = first; scope.plugin(name); name = `${first}${run.length + 1}`) run.push(name);
  const all = new Set(run);
  const written = scope.pluginKeys().filter((name) => all.has(name));
  const result = { run: all, written: written[0], isInOrder: written.join() === run.join() };
  known.set(first, result);
  return result;
}

/**
 * `sieve_before`, `sieve_before2` and so on. 2.3 ran them by number, up to the first that is not set; 2.4 runs them in the order of the file. So where
 * the file has another order, the first line becomes all of them.
 */
export function scripts(type: string) {
  const first = `sieve_${type}`;
  return (entry: OldSetting, scope: Scope): Converted => {
    const { plugin } = scope;
    const { key, value } = entry;
    if (value === '' || plugin(key) === null) return script(type)(entry);
    const { run, written, isInOrder } = sequence(first, scope);
    if (!run.has(key))
      return { drop: true, why: `2.3 reads ${first}, ${first}2 and so on, up to the first that is not set.` };
    if (isInOrder) return script(type)(entry);
    if (key !== written) return { lines: [] };
    const lines: string[] = [];
    for (const name of run) {
      const outcome = script(type)({ key: name, value: plugin(name) ?? '' });
      if ('refuse' in outcome) return outcome;
      if ('lines' in outcome) lines.push(...outcome.lines);
    }
    return { lines };
  };
}

/** Without causes a script of 2.3 ran for each of these; 2.4's default is `delivery`, which is none of IMAP's. */
const EVERY_CAUSE = 'append copy flag';

const unnamed = new WeakMap<Scope, number>();

function firstUnnamed(scope: Scope): number {
  let n = unnamed.get(scope) ?? 1;
  while (scope.plugin(`imapsieve_mailbox${n}_name`)) n++;
  unnamed.set(scope, n);
  return n;
}

/** `imapsieve_mailbox1_before`: the script for mail that enters the mailbox `…1_name`, or comes from `…1_from`. */
export function imapScript(type: 'before' | 'after') {
  return ({ key, value }: OldSetting, scope: Scope): Converted => {
    const { plugin } = scope;
    const number = /\d+/.exec(key)?.[0] ?? '';
    const lines = location(value);
    if (!Array.isArray(lines)) return lines;
    const say = (what: string): string => plugin(`imapsieve_mailbox${number}_${what}`) ?? '';
    const causes = say('causes').toLowerCase().replace(/,/g, ' ').split(/\s+/).filter(Boolean).join(' ');
    const body = [`type = ${type}`, `cause = ${causes || EVERY_CAUSE}`, ...lines];
    let block = nested(`sieve_script imapsieve${number}-${type}`, body);
    // 2.3 looked no further than the first number without a name.
    const missing = firstUnnamed(scope);
    if (missing <= Number(number)) return { drop: true, why: `imapsieve_mailbox${missing}_name is not set.` };
    const [name, from] = [say('name'), say('from')];
    if (from !== '' && from !== '*') block = nested(`imapsieve_from ${mailboxName(from)}`, block);
    return name === '*' ? { lines: block } : { lines: ofMailbox(name, block, scope) };
  };
}
