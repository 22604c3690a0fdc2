/**
 * The Dovecot project's published rules for the step from 2.3 to 2.4, applied as they stand to the output of `doveconf -nP`: renamed and
 * split settings, variables, names for passdb and userdb, no `plugin` block, external files in their place, weak password schemes
 * allowed. What the rules do not
 * mention stays as it is, and Dovecot judges it. Source: dovecot/documentation, docs/installation/upgrade/2.3-to-2.4.md and its includes
 * (2.4-converted-settings, 2.4-var-expand, 2.4-section-naming, 2.4-external-configs, 2.4-removed-settings), read on 2026-11-30.
 */
import type { Converter, OldConfiguration } from './converter.ts';
import { ROOT } from './converter.ts';
import { database } from './published-databases.ts';
import { plugin, setting } from './published-settings.ts';

function convert({ files, effective }: OldConfiguration): Record<string, string> {
  const out = ['dovecot_config_version = 2.4.0', 'dovecot_storage_version = 2.4.0', 'auth_allow_weak_schemes = yes'];
  const stack: { name: string; settings: Map<string, string> }[] = [];
  const names = new Map<string, number>();
  const emit = (lines: readonly string[]): void => {
    const outer = stack.filter(({ name }) => name !== 'plugin').length;
    out.push(...lines.map((line) => `${'  '.repeat(outer)}${line}`));
  };
  const all = effective.split('\n');
  for (const [at, raw] of all.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const top = stack.at(-1);
    if (line === '}') {
      const kind = top?.name;
      if (top && (kind === 'passdb' || kind === 'userdb')) emit(database(kind, top.settings, files));
      stack.pop();
      if (kind !== 'plugin') emit(['}']);
    } else if (line.endsWith('{')) {
      const name = line.slice(0, -1).trim();
      const count = (kind: string): string => {
        names.set(kind, (names.get(kind) ?? 0) + 1);
        return names.get(kind) === 1 ? '' : String(names.get(kind));
      };
      if (name === 'passdb' || name === 'userdb') {
        const driver = /^\s*driver = (\S+)$/m.exec(all.slice(at).join('\n'))?.[1] ?? 'db';
        const number = count(name + driver);
        emit([`${name} ${driver}${number} {`, ...(number === '' ? [] : [`  driver = ${driver}`])]);
      } else if (name === 'namespace') emit([`namespace inbox${count(name)} {`]);
      else if (name === 'dict') emit(['dict_server {']);
      else if (name !== 'plugin') emit([`${name} {`]);
      stack.push({ name, settings: new Map() });
    } else {
      const [key, value] = [line.slice(0, line.indexOf('=')).trim(), line.slice(line.indexOf('=') + 1).trim()];
      if (top?.name === 'passdb' || top?.name === 'userdb') top.settings.set(key, value);
      else emit(top?.name === 'plugin' ? plugin(key, value) : setting(key, value));
    }
  }
  return { [ROOT]: `${out.join('\n')}\n` };
}

export const publishedRules: Converter = {
  name: 'published rules',
  about:
    "the Dovecot project's own table of converted settings, variables and names, applied line by line to `doveconf -n`",
  convert: (old) => ({ files: convert(old) }),
};
