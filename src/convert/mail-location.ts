/** `maildir:~/Maildir:INDEX=/var/i/%u` → one setting for each part (2.3 documentation, "Mail location settings"). */
import type { Converted } from './conversion.ts';
import { refuse } from './conversion.ts';
import { convertVariables } from './variables.ts';

const KEYS: Readonly<Record<string, string>> = {
  INBOX: 'mail_inbox_path',
  INDEX: 'mail_index_path',
  INDEXPVT: 'mail_index_private_path',
  INDEXCACHE: 'mail_cache_path',
  CONTROL: 'mail_control_path',
  ALT: 'mail_alt_path',
  VOLATILEDIR: 'mail_volatile_path',
  LAYOUT: 'mailbox_list_layout',
  DIRNAME: 'mailbox_directory_name',
  FULLDIRNAME: 'mailbox_directory_name',
  MAILBOXDIR: 'mailbox_root_directory_name',
  SUBSCRIPTIONS: 'mailbox_subscriptions_filename',
  LISTINDEX: 'mailbox_list_index_prefix',
  BROKENCHAR: 'mailbox_list_visible_escape_char',
};

/** Options without a value. */
const FLAGS: Readonly<Record<string, string>> = {
  'UTF-8': 'mailbox_list_utf8 = yes',
  ITERINDEX: 'mailbox_list_iter_from_index_dir = yes',
  'NO-NOSELECT': 'mailbox_list_drop_noselect = yes',
  'KEEP-NOSELECT': 'mailbox_list_drop_noselect = no',
  'NO-FS-VALIDATION': 'mailbox_list_validate_fs_names = no',
};

const DRIVERS = ['mbox', 'maildir', 'sdbox', 'mdbox', 'dbox', 'imapc', 'pop3c', 'virtual'];

const PARTS = [...Object.values(KEYS), ...Object.values(FLAGS).map((line) => line.replace(/ =.*/, ''))];

/**
 * Adds settings that reset the parts which a file in the words of 2.4 sets: the upgrade has replaced the package's file for mail, and
 * the administrator's location is in another one.
 * @param read the effective value of a setting at the top; null if it is not set
 */
export function withoutPackaged(outcome: Converted, read: (name: string) => string | null): Converted {
  if (!('lines' in outcome)) return outcome;
  const own = outcome.lines.map(nameOf);
  return reset(
    outcome.lines,
    PARTS.filter((name) => !own.includes(name) && read(name) !== null),
  );
}

/**
 * Adds settings that reset the parts which only mail_location sets. In 2.3 a location replaced mail_location completely; in
 * 2.4 it inherits every part that it does not set, so two locations would share their indexes.
 * @param above mail_location; null if it is not set
 */
export function withoutInherited(outcome: Converted, above: string | null): Converted {
  if (!('lines' in outcome) || above === null) return outcome;
  const outer = convertLocation(above);
  if (!('lines' in outer)) return outcome;
  const own = outcome.lines.map(nameOf);
  return reset(
    outcome.lines,
    outer.lines.map(nameOf).filter((name) => !own.includes(name)),
  );
}

const nameOf = (line: string): string => line.replace(/ =.*/, '');

function reset(lines: readonly string[], names: readonly string[]): Converted {
  const maildir = lines.includes('mail_driver = maildir');
  const nothing: Readonly<Record<string, string>> = {
    mail_inbox_path: maildir ? '.' : '',
    mailbox_list_layout: maildir ? 'maildir++' : 'fs',
    mailbox_list_utf8: 'no',
    mailbox_list_iter_from_index_dir: 'no',
    mailbox_list_drop_noselect: 'yes',
    mailbox_list_validate_fs_names: 'yes',
    mailbox_list_index_prefix: 'dovecot.list.index',
    mailbox_directory_name_legacy: 'no',
  };
  return { lines: [...lines, ...new Set(names.map((name) => `${name} = ${nothing[name] ?? ''}`.trimEnd()))] };
}

/** Writes out the layout of the format: within `protocol { }` and the like 2.4 does not take it from the format, and lmtp would crash. */
export function withLayout(outcome: Converted): Converted {
  if (!('lines' in outcome) || outcome.lines.some((line) => line.startsWith('mailbox_list_layout'))) return outcome;
  const driver = outcome.lines.find((line) => line.startsWith('mail_driver = '));
  if (driver === undefined) return outcome;
  return { lines: [...outcome.lines, `mailbox_list_layout = ${driver.endsWith('= maildir') ? 'maildir++' : 'fs'}`] };
}

export function convertLocation(value: string, shared = false): Converted {
  if (value === '') return { drop: true };
  // `::` is a colon in a path; the colon in `%{ldap:uid}` belongs to the variable.
  const [head = '', ...rest] = value.split(/(?<!:):(?!:)(?![^{]*\})/).map((part) => part.replaceAll('::', ':'));
  const named = DRIVERS.includes(head);
  if (!named && !/^[/~%]/.test(head)) return refuse(`set a mailbox format that 2.4 has: ${head} is not one`);
  if (head === 'dbox') return refuse('set the format to sdbox or mdbox');
  const [path = '', ...options] = named ? rest : [head, ...rest];

  const lines: string[] = named ? [`mail_driver = ${head}`] : [];
  const add = (name: string, text: string): string | null => {
    const converted = convertVariables(text, name, { shared });
    if (typeof converted !== 'string') return converted.refuse;
    lines.push(`${name} = ${converted}`);
    return null;
  };
  let problem = path === '' ? null : add('mail_path', path);
  for (const option of options) {
    const [, key = option, text] = /^([A-Z-]+)=(.*)$/.exec(option) ?? [];
    const flag = FLAGS[key];
    const name = KEYS[key];
    if (flag !== undefined && text === undefined) lines.push(flag);
    else if (name !== undefined && text !== undefined) problem ??= layout(key, text) ?? add(name, text);
    else problem ??= `rewrite ${option} in 2.4 syntax: harden-mail cannot convert it`;
  }
  return problem === null ? { lines: [...lines, ...directoryName(head, options)] } : refuse(problem);
}

/**
 * In 2.3 only the mails were in the folder that DIRNAME names (`dbox-Mails` of sdbox and mdbox): indexes and control files elsewhere were not. 2.4.5
 * looks for them in that folder, whatever its configuration's version, and makes new ones where they are not: without flags.
 */
function directoryName(driver: string, options: readonly string[]): string[] {
  const has = (key: string): boolean => options.some((option) => option.startsWith(`${key}=`));
  if (has('FULLDIRNAME')) return ['mailbox_directory_name_legacy = no'];
  const named = has('DIRNAME') || driver === 'sdbox' || driver === 'mdbox';
  return named && ['INDEX', 'INDEXPVT', 'CONTROL'].some(has) ? ['mailbox_directory_name_legacy = yes'] : [];
}

function layout(key: string, text: string): string | null {
  if (key !== 'LAYOUT' || ['fs', 'maildir++', 'index', 'imapdir'].includes(text.toLowerCase())) return null;
  return `choose a layout that 2.4 has: ${text} is not one`;
}
