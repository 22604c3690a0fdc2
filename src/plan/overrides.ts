import { dovecotValue, type DovecotConfig } from '../formats/dovecot.ts';
import { isFilter, type Section } from '../formats/dovecot-tree.ts';
import { optionValue } from '../formats/postfix-master.ts';
import type { Fragment, Merge } from '../fragments/fragment.ts';
import type { Note } from '../model.ts';
import { merge } from './merge.ts';
import { running } from './sites.ts';
import type { Workspace } from './workspace.ts';

const LOOPBACK = /(^|[\s[])(127\.[\d.]+|::1|localhost)(?=[\]/:\s]|$)/;

/**
 * Places where a weaker value stands for some connections only, and wins there: a `remote` block of Dovecot, an `-o` of
 * another master.cf entry. They are the admin's exceptions, so they stay, and are told. Those for the host itself are
 * not: nobody can listen in.
 */
export function overrides(
  { place, setting, task }: Fragment,
  wanted: Merge,
  { postfix, dovecot }: Workspace,
  read: (setting: string) => string | null,
): Note[] {
  if (!isFloor(wanted)) return [];
  const found =
    place.in === 'dovecot'
      ? place.block.length === 0 && dovecot
        ? inFilters(dovecot, setting)
        : []
      : place.in === 'main.cf' && setting.startsWith('smtpd_')
        ? running({ postfix, dovecot })
            .filter(({ command }) => command === 'smtpd')
            .map((service) => ({ at: `${service.name}/${service.type}`, value: optionValue(service, setting) }))
        : [];
  return found.flatMap(({ at, value }) => {
    if (value === null || LOOPBACK.test(at) || 'keep' in merge(wanted, value, read)) return [];
    return { task, level: 'warning', text: `${at} ${setting}: ${value || 'nothing'} holds there, and is not changed` };
  });
}

/** A setting below which nobody should be, unlike a path or a name that may well differ from place to place. */
function isFloor(wanted: Merge): boolean {
  return wanted.how === 'at-least' || (wanted.how === 'set' && /^(yes|no|required)$/.test(wanted.value));
}

/** The values that hold within `remote`, `local`, `local_name` and `protocol` blocks, at any depth. */
function inFilters(config: DovecotConfig, setting: string): { at: string; value: string | null }[] {
  const walk = (section: Section, path: readonly string[]): string[][] =>
    [...section.sections.values()].filter(isFilter).flatMap((inner) => {
      const here = [...path, inner.header];
      return [here, ...walk(inner, here)];
    });
  return walk(config.top, []).map((path) => {
    return { at: path.join(' › '), value: dovecotValue(config, [...path, setting])?.value ?? null };
  });
}
