import { dovecotValue, type DovecotConfig } from '../../formats/dovecot/dovecot.ts';
import { isFilter, type Section } from '../../formats/dovecot/dovecot-tree.ts';
import type { Fragment, Merge } from '../../fragments/fragment.ts';
import type { Note } from '../../model/index.ts';
import { merge } from '../merge/merge.ts';
import { running } from './running-services.ts';
import { MASTER_CF, type Workspace } from '../workspace.ts';

const LOOPBACK = /(^|[\s[])(127\.[\d.]+|::1|localhost)(?=[\]/:\s]|$)/;

interface Found {
  /** The block or service, as the note names it. */
  readonly at: string;
  readonly value: string;
  readonly file: string;
  readonly line: number;
}

/**
 * Warnings about places where another value holds for some connections only: a `remote` block of Dovecot, or an `-o` option of
 * another master.cf entry. These are the admin's exceptions: they stay, and the warning names their place. There is no warning
 * about weaker values for loopback, where no attacker can listen in.
 */
export function overrides(
  { place, setting, task }: Fragment,
  wanted: Merge,
  { postfix, dovecot }: Workspace,
  read: (setting: string) => string | null,
  opened: Workspace,
): Note[] {
  const floor = isFloor(wanted);
  if (!floor && wanted.how !== 'set') return [];
  const found =
    place.in === 'dovecot'
      ? place.block.length === 0 && dovecot
        ? inFilters(dovecot, setting, opened.dovecot)
        : []
      : place.in === 'main.cf' && setting.startsWith('smtpd_')
        ? inServices({ postfix, dovecot }, setting)
        : [];
  return found.flatMap(({ at, value, file, line }) => {
    if ((floor && LOOPBACK.test(at)) || 'keep' in merge(wanted, value, read)) return [];
    // A `local_name` block exists to give a name its own certificate or path: it is no exception.
    if (!floor && /\blocal_name /.test(at)) return [];
    const text = `${at} ${setting}: ${value || 'nothing'} holds there (${file}:${line}), and is not changed`;
    return { task, level: 'warning', text };
  });
}

/** Is the value a minimum for the whole host? Paths and names may differ between places. */
function isFloor(wanted: Merge): boolean {
  return wanted.how === 'at-least' || (wanted.how === 'set' && /^(yes|no|required)$/.test(wanted.value));
}

function inServices(workspace: Workspace, setting: string): Found[] {
  return running(workspace)
    .filter(({ command }) => command === 'smtpd')
    .flatMap(({ name, type, options }): Found[] => {
      const option = options.findLast((one) => one.name === setting);
      return option ? [{ at: `${name}/${type}`, value: option.value, file: MASTER_CF, line: option.line }] : [];
    });
}

/** The values inside `remote`, `local`, `local_name` and `protocol` blocks, at any depth, but those that this plan itself writes. */
function inFilters(config: DovecotConfig, setting: string, opened: DovecotConfig | null): Found[] {
  const walk = (section: Section, path: readonly string[]): string[][] =>
    [...section.sections.values()].filter(isFilter).flatMap((inner) => {
      const here = [...path, inner.header];
      return [here, ...walk(inner, here)];
    });
  return walk(config.top, []).flatMap((path): Found[] => {
    const entry = dovecotValue(config, [...path, setting]);
    const isNew = opened !== null && dovecotValue(opened, [...path, setting]) === null;
    return entry && !isNew ? [{ at: path.join(' › '), ...entry }] : [];
  });
}
