import { convertDovecot, type ConvertedLine, type Unconvertible } from '../../convert/convert.ts';
import { HardenMailError } from '../../model/errors.ts';
import { loadDovecot, type DovecotConfig } from '../../formats/dovecot/dovecot.ts';
import { redact } from '../../formats/redact.ts';
import { CONVERSION, type Note, type SettingChange } from '../../model/index.ts';

/**
 * The configuration in 2.4's syntax; converts what an upgrade of Dovecot left in 2.3's.
 * @throws CONFIG_INVALID if a line cannot be converted; then no line is converted
 */
export function converted(
  config: DovecotConfig,
  version: string,
  host: Parameters<typeof convertDovecot>[2],
): { config: DovecotConfig; lines: readonly ConvertedLine[] } {
  const { files, lines, problems } = convertDovecot(config, version, host);
  if (problems.length > 0) throw unconvertible(problems, version);
  if (lines.length === 0 && files === config.files) return { config, lines };
  return { config: loadDovecot(files, config.root), lines };
}

function unconvertible(problems: readonly Unconvertible[], version: string): HardenMailError {
  const places = problems.map(({ file, line }) => `${file}:${line}`);
  return new HardenMailError(
    'CONFIG_INVALID',
    `Dovecot ${version} does not start with settings of 2.3, and these cannot be converted: ${places.join(', ')}`,
    'Nothing was written. Do what is noted below each of these lines, and run again.',
    {
      excerpt: problems.map(({ file, line, text, todo }) => `${file}:${line}: ${redact(text)}\n    ${todo}`).join('\n'),
    },
  );
}

/**
 * The converted lines as changes of settings: the values of both, secrets masked. A setting that occurs several times in a file
 * (`args`, `plugin`) carries its line number.
 */
export function upgradeSettings(lines: readonly ConvertedLine[]): SettingChange[] {
  const nameOf = ({ file, setting }: ConvertedLine): string => `${file} ${setting}`;
  const times = new Map<string, number>();
  for (const line of lines) times.set(nameOf(line), (times.get(nameOf(line)) ?? 0) + 1);
  const often = (line: ConvertedLine): boolean => (times.get(nameOf(line)) ?? 0) > 1;
  return lines.map((one) => ({
    task: 'dovecot-ssl',
    fragment: CONVERSION,
    setting: often(one) ? `${one.setting} (line ${one.line})` : one.setting,
    file: one.file,
    before: redact(`${one.setting} = ${one.before}`).replace(/^[^=]*= ?/, ''),
    after: one.after === null ? null : redact(one.after).replace(/\n\s*/g, ' '),
  }));
}

/** Advice that the converted files cannot give themselves, by a pattern of the converted line. */
const ADVICE: readonly (readonly [converted: RegExp, level: Note['level'], text: string])[] = [
  [
    /auth_allow_weak_schemes/,
    'warning',
    'passwords in schemes that 2.4 calls weak (MD5 and DES in all their forms) stay valid, as before: renew them, and remove this line when none is left',
  ],
  [
    /passwd_file_path/,
    'info',
    'of the extra fields in that file only userdb_quota_rule is converted, where a quota is set up',
  ],
  [
    /lua_file = /,
    'info',
    'harden-mail does not read the Lua script: variables in it, as in req:var_expand, need the words of 2.4',
  ],
  [
    /quota_clone \{/,
    'info',
    'the quota is counted from the mailboxes now: run `doveadm quota recalc -A` once, at a quiet hour',
  ],
  [
    /^quota ".*" \{/m,
    'warning',
    'a user who exceeds the quota cannot move mail to another folder in 2.4, only delete it: `quota_storage_extra` in `mailbox Trash { }` keeps the way to the trash open',
  ],
  [
    /quota_storage_grace = \d/,
    'info',
    "2.4 has a size where 2.3 let the last mail exceed the quota by a percentage: it fits the limit in these files, and users' own limits in SQL, LDAP and passwd-files have theirs",
  ],
  [
    /sieve_script (before|after|default|global|imapsieve)/,
    'info',
    'compile global Sieve scripts again for 2.4: sievec PATH',
  ],
];

/** The same, by the setting and its value in 2.3. */
const ADVICE_BEFORE: readonly (readonly [setting: RegExp, before: RegExp, level: Note['level'], text: string])[] = [
  [
    /^sieve_(global_)?extensions$/,
    /(^|[\s+])(notify|imapflags|vnd\.dovecot\.duplicate)\b/,
    'warning',
    'Pigeonhole 2.4 has no notify, imapflags and vnd.dovecot.duplicate: a Sieve script that requires one fails, and its mail stays in INBOX; rewrite it with enotify, imap4flags, duplicate',
  ],
  [
    /^mail_plugins$/,
    /\bmailbox_alias\b/,
    'warning',
    'Dovecot 2.4 has no mailbox_alias: a folder that has two names is listed under both, and a name that a client makes later is a folder of its own',
  ],
  [
    /^quota_warning\d*$/,
    /./,
    'info',
    'a program for warnings that calls `dovecot-lda -o plugin/quota=…` fails with 2.4: write `-o quota_enforce=no` there',
  ],
];

export function upgradeNotes(lines: readonly ConvertedLine[]): Note[] {
  if (lines.length === 0) return [];
  const text = `Dovecot's files are converted from 2.3 to 2.4: ${lines.length} settings and blocks`;
  const advice = ADVICE.flatMap(([converted, level, what]): Note[] => {
    const [first] = lines.filter(({ after }) => converted.test(after ?? ''));
    return first ? [{ task: 'dovecot-ssl', level, text: `${first.file}:${first.line}: ${what}` }] : [];
  });
  const before = ADVICE_BEFORE.flatMap(([setting, value, level, what]): Note[] => {
    const [first] = lines.filter((line) => setting.test(line.setting) && value.test(line.before));
    return first ? [{ task: 'dovecot-ssl', level, text: `${first.file}:${first.line}: ${what}` }] : [];
  });
  const left = lines.flatMap(({ file, line, setting, why }) =>
    why === undefined ? [] : [`${setting} (${file}:${line}): ${why}`],
  );
  const dropped: Note[] =
    left.length === 0
      ? []
      : [
          {
            task: 'dovecot-ssl',
            level: 'info',
            text: `settings that 2.4 does not have become comments: ${left.join(' ')}`,
          },
        ];
  const replaced = lines.flatMap(({ file, line, setting, replaced: is }) => (is ? [`${setting} (${file}:${line})`] : [])); // oxfmt-ignore
  const taken: Note[] =
    replaced.length === 0
      ? []
      : [
          {
            task: 'dovecot-ssl',
            level: 'info',
            text: `the upgrade replaced files that nobody had edited; lines in them that 2.3 did not have become comments: ${replaced.join(', ')}`,
          },
        ];
  const oneWay =
    '`harden-mail rollback` does not lead back before this: Dovecot 2.4 does not start with the earlier files';
  return [
    { task: 'dovecot-ssl', level: 'info', text },
    { task: 'dovecot-ssl', level: 'warning', text: oneWay },
    ...advice,
    ...before,
    ...dropped,
    ...taken,
  ];
}
