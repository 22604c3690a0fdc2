/** What our editors see in a main.cf and a master.cf, written as postconf writes it. */
import { mainEntries, parseMain } from '../../src/formats/postfix/main-cf.ts';
import { parseMaster, services } from '../../src/formats/postfix/master-cf.ts';
import type { MasterService } from '../../src/formats/postfix/master-cf.ts';

/** As `postconf -n` has it: the value that wins, runs of blanks as one. */
export function mainView(bytes: string): Map<string, string> {
  const entries = mainEntries(parseMain(bytes, 'main.cf'));
  return new Map(entries.map(({ name, value }) => [name, value.replace(/[ \t\r\n]+/g, ' ')]));
}

/** As `postconf -M` has it. */
export function serviceView(bytes: string): string[] {
  return services(parseMaster(bytes, 'master.cf')).map(lineOf);
}

/** As `postconf -P` has it, sorted, each line once: entries of one name and type share their parameters there. */
export function optionView(bytes: string): string[] {
  const values = new Map<string, string>();
  for (const { name, type, options } of services(parseMaster(bytes, 'master.cf'))) {
    for (const option of options) {
      values.set(`${name}/${type}/${option.name} =`, option.value.replace(/[ \t\r\n]+/g, ' '));
    }
  }
  return [...values].map(([key, value]) => (value === '' ? key : `${key} ${value}`)).sort();
}

const COLUMNS = [0, 11, 17, 25, 33, 41, 49, 57];

function lineOf(service: MasterService): string {
  const { name, type, private_, unpriv, chroot, wakeup, maxproc, command, args } = service;
  const columns = [name, type, private_, unpriv, chroot, wakeup, maxproc, command];
  const head = columns.reduce((line, text, index) => {
    return index === 0 ? text : `${line} `.padEnd(COLUMNS[index] ?? 0) + text;
  }, '');
  // postconf puts braces around what has blanks, but for the first word that is no option.
  const end = args.findIndex((arg, index) => args[index - 1] !== '-o' && (!arg.startsWith('-') || arg === '--'));
  const rest = args.map((arg, index) => {
    const braces = index !== end && (args[index - 1] === '-o' || (end >= 0 && index > end));
    return braces && /[ \t\r\n]/.test(arg) ? `{${arg}}` : arg;
  });
  return [head, ...rest].join(' ');
}
