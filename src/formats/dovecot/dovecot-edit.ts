/** Edits of Dovecot's configuration. Only the bytes of the edited logical lines change. */
import { HardenMailError } from '../../model/errors.ts';
import type { DovecotConfig } from './dovecot-config.ts';
import { append, insert, isShared } from './dovecot-insert.ts';
import { sectionAt, sourcesOf, splitList } from './dovecot-lookup.ts';
import type { Source } from './dovecot-lookup.ts';
import { addLines, isLive, splice, written } from './dovecot-write.ts';
import type { Splice } from './dovecot-write.ts';

export interface Edited {
  readonly config: DovecotConfig;
  /** Where the setting is now; `line` counts from 1. */
  readonly file: string;
  readonly line: number;
}

/**
 * Sets a value so that it has effect. The occurrence that wins is edited in place: its spacing and a comment after it stay.
 * A setting without an occurrence is added to `home`: below its commented-out sample, else at the end of its block there.
 * Missing blocks are added below their own sample or at the end. If the daemon does not read `home`, the root file is used,
 * because the daemon always reads it.
 *
 * A list that 2.4 reads member by member keeps its blocks: members are added to them, or set to `no`.
 * @throws CONFIG_CONFLICT if no edit would have effect
 */
export function setDovecot(config: DovecotConfig, path: readonly string[], value: string, home: string): Edited {
  const winner = sourcesOf(config, path).at(-1);
  if (winner !== undefined && winner.as !== 'group' && says(winner, value)) return at(config, winner);
  const edited = change(config, path, value, home, winner);
  const now = sourcesOf(edited, path).at(-1);
  if (now !== undefined && says(now, value)) return at(edited, now);
  throw new HardenMailError(
    'CONFIG_CONFLICT',
    `${path.join(' ')} cannot be set to ${value}: no edit there takes effect`,
    'Set it by hand, check it with `doveconf -n`, then run again.',
  );
}

/** Removes every occurrence: whole logical lines, with the comments after them. */
export function removeDovecot(config: DovecotConfig, path: readonly string[]): DovecotConfig {
  const files = new Map<string, Map<number, Splice>>();
  for (const { file, setting, as } of sourcesOf(config, path)) {
    if (as === 'group') continue;
    const splices = files.get(file) ?? new Map<number, Splice>();
    splices.set(setting.start, { start: setting.keyStart < 0 ? -1 : setting.start, end: setting.end, text: '' });
    files.set(file, splices);
  }
  for (const [file, splices] of files) config = splice(config, file, [...splices.values()]);
  return config;
}

/** Removes each occurrence of a block that is empty, without even a comment. The path has headers only. */
export function removeEmptyBlock(config: DovecotConfig, path: readonly string[]): DovecotConfig {
  const section = sectionAt(config.top, path);
  for (const { file, lines } of section === null ? [] : config.readings) {
    const begin = lines.findIndex(({ line, after }) => line.kind === 'begin' && after === section);
    const length = lines.slice(begin + 1).findIndex(({ line }) => line.kind !== 'skip' || line.comment !== null);
    const [first, last] = [lines[begin]?.line, lines[begin + 1 + length]?.line];
    if (begin < 0 || length < 0 || !first || last?.kind !== 'end' || isShared(config, file)) continue;
    return removeEmptyBlock(splice(config, file, [{ start: first.start, end: last.end, text: '' }]), path);
  }
  return config;
}

const at = (config: DovecotConfig, { file, setting }: Source): Edited => ({ config, file, line: setting.line });

/** Does the occurrence have exactly this value? In quotes, `<` and `$` are plain characters. List members have no order. */
function says({ as, setting, value: now }: Source, value: string): boolean {
  if (as === 'member') return splitList(now).sort().join() === splitList(value).sort().join();
  if (as === 'value' && setting.form === 'quoted' && isLive(value)) return false;
  return now === value || (as === 'value' && setting.value === value);
}

function change(
  config: DovecotConfig,
  path: readonly string[],
  value: string,
  home: string,
  winner: Source | undefined,
): DovecotConfig {
  if (winner === undefined || winner.as === 'group') return insert(config, path, value, home);
  if (isShared(config, winner.file)) return append(config, path, value);
  if (winner.as === 'member') return setMembers(config, path, value);

  const { file, setting } = winner;
  const { keyStart, valueStart: start, valueEnd: end } = setting;
  if (winner.as === 'old') {
    return splice(config, file, [{ start: keyStart, end, text: `${path.at(-1)} = ${written(value)}` }]);
  }
  const bytes = config.files[file]!;
  const space = start === end && bytes[start - 1] === '=' ? ' ' : '';
  return splice(config, file, [{ start, end, text: value === '' ? '' : space + written(value) }]);
}

/** Edits the blocks of a list after its last `=` so that they hold exactly the wanted members. */
function setMembers(config: DovecotConfig, path: readonly string[], value: string): DovecotConfig {
  const sources = sourcesOf(config, path);
  const members = sources.slice(sources.findLastIndex((source) => source.as === 'value') + 1);
  const wanted = splitList(value);
  const now = splitList(members.at(-1)!.value);
  const wrong = [...wanted.filter((name) => !now.includes(name)), ...now.filter((name) => !wanted.includes(name))];
  const name = wrong[0];
  if (name === undefined) return config;

  const answer = wanted.includes(name) ? 'yes' : 'no';
  const stands = members.findLast((member) => member.setting.key === name);
  if (stands !== undefined) {
    const { valueStart: start, valueEnd: end } = stands.setting;
    return setMembers(splice(config, stands.file, [{ start, end, text: answer }]), path, value);
  }
  const { file, setting } = members.at(-1)!;
  const line = config.files[file]!.slice(setting.start, setting.end);
  // The new member's line begins like its neighbour's: with the same indent, and with `list/` if the neighbour has it.
  const head = /^[ \t]*([^\s="]*\/)?/.exec(line)![0];
  return setMembers(addLines(config, file, setting.end, [`${head}${name} = ${answer}`]), path, value);
}
