import { convertDovecot, type ConvertedLine, type Unconvertible } from '../convert/convert.ts';
import { HardenMailError } from '../errors.ts';
import { loadDovecot, type DovecotConfig } from '../formats/dovecot.ts';
import type { Note, SettingChange } from '../model.ts';
import { redact } from './redact.ts';

/**
 * The configuration in 2.4's words, where an upgrade of Dovecot has left some of it in 2.3's.
 * @throws CONFIG_INVALID where a line cannot be converted: then none is
 */
export function converted(
  config: DovecotConfig,
  version: string,
): { config: DovecotConfig; lines: readonly ConvertedLine[] } {
  const { files, lines, problems } = convertDovecot(config, version);
  if (problems.length > 0) throw unconvertible(problems, version);
  if (lines.length === 0 && files === config.files) return { config, lines };
  return { config: loadDovecot(files, config.root), lines };
}

function unconvertible(problems: readonly Unconvertible[], version: string): HardenMailError {
  const places = problems.map(({ file, line }) => `${file}:${line}`);
  return new HardenMailError(
    'CONFIG_INVALID',
    `Dovecot ${version} does not start with settings of 2.3, and these cannot be converted: ${places.join(', ')}`,
    'Nothing was written. Do what stands below each of these lines, and run again.',
    {
      excerpt: problems.map(({ file, line, text, todo }) => `${file}:${line}: ${redact(text)}\n    ${todo}`).join('\n'),
    },
  );
}

/** The converted lines as changes of settings: the values of both, secrets masked. */
export function upgradeSettings(lines: readonly ConvertedLine[]): SettingChange[] {
  return lines.map(({ file, setting, before, after }) => ({
    task: 'dovecot-ssl',
    fragment: 'dovecot:2.4',
    setting,
    file,
    before: redact(`${setting} = ${before}`).replace(/^[^=]*= /, ''),
    after: after === null ? null : redact(after),
  }));
}

export function upgradeNotes(lines: readonly ConvertedLine[]): Note[] {
  if (lines.length === 0) return [];
  const count = `${lines.length} ${lines.length === 1 ? 'setting' : 'settings'}`;
  return [{ task: 'dovecot-ssl', level: 'info', text: `Dovecot's files are converted from 2.3 to 2.4: ${count}` }];
}
