/**
 * How long the editors take to read, edit and write back large files: `npm run bench:editors`. Part of `npm run bench`.
 * Each figure is the best of three, in this process. Time must grow with the size, whatever the file is made of.
 */
import { pathToFileURL } from 'node:url';
import { dovecotFiles, loadDovecot, setDovecot } from '../src/formats/dovecot/dovecot.ts';
import { parseMain, removeMain, renderMain, setMain } from '../src/formats/postfix/main-cf.ts';
import { parseMaster, renderMaster, setOption } from '../src/formats/postfix/master-cf.ts';

const MB = 1e6;
const SIZES = [1, 2, 5, 10];

interface Subject {
  readonly name: string;
  readonly file: (size: number) => string;
  readonly edit: (bytes: string) => string;
}

const ROOT = '/etc/dovecot/dovecot.conf';

const main = (bytes: string) => renderMain(setMain(parseMain(bytes, 'main.cf'), 'smtpd_banner', 'new value'));
const master = (bytes: string) =>
  renderMaster(setOption(parseMaster(bytes, 'master.cf'), { name: 'smtp', type: 'inet' }, 'syslog_name', 'new'));
const dovecot = (bytes: string) =>
  dovecotFiles(setDovecot(loadDovecot({ [ROOT]: bytes }, ROOT), ['ssl'], 'required', ROOT).config)[ROOT] ?? '';

/** A text of about this size: the line with a number in it, again and again. */
function repeat(line: string, size: number): string {
  const lines: string[] = [];
  for (let i = 0, length = 0; length < size; i++) {
    const text = line.replace('%d', String(i));
    lines.push(text);
    length += text.length;
  }
  return lines.join('');
}

const USUAL: readonly Subject[] = [
  {
    name: 'main.cf',
    file: (size) =>
      `smtpd_banner = x\n${repeat('parameter_%d = value, other # value\n  continued\n\n# a comment\n', size)}`,
    edit: main,
  },
  {
    name: 'master.cf',
    file: (size) => `smtp inet n - y - - smtpd\n${repeat('s%d unix - - y - - smtp\n  -o a=b\n# a comment\n', size)}`,
    edit: master,
  },
  {
    name: 'dovecot.conf',
    file: (size) => `ssl = yes\n${repeat('plugin {\n  setting_%d = value # a comment\n}\n', size)}`,
    edit: dovecot,
  },
];

/** Files that nobody has, and that a careless editor would choke on. */
const HOSTILE: readonly Subject[] = [
  { name: 'main.cf, one line', file: (size) => `smtpd_banner = ${repeat('word ', size)}\n`, edit: main },
  { name: 'main.cf, one word', file: (size) => `smtpd_banner = ${'x'.repeat(size)}\n`, edit: main },
  { name: 'main.cf, comments only', file: (size) => repeat('# smtpd_banne = x\n', size), edit: main },
  { name: 'main.cf, samples only', file: (size) => repeat('#smtpd_banner = %d\n', size), edit: main },
  { name: 'main.cf, blanks only', file: (size) => ' '.repeat(size), edit: main },
  { name: 'main.cf, continuation lines', file: (size) => `smtpd_banner = x\n${repeat('  word,\n', size)}`, edit: main },
  {
    name: 'main.cf, continuation lines cut to one',
    file: (size) => `mynetworks = a\n${repeat(' b\n# c\n', size)}`,
    edit: (bytes) => renderMain(setMain(parseMain(bytes, 'main.cf'), 'mynetworks', 'a c')),
  },
  { name: 'main.cf, one parameter again and again', file: (size) => repeat('smtpd_banner = %d\n', size), edit: main },
  {
    name: 'main.cf, the same all removed',
    file: (size) => repeat('smtpd_banner = %d\n', size),
    edit: (bytes) => renderMain(removeMain(parseMain(bytes, 'main.cf'), 'smtpd_banner')),
  },
  {
    name: 'master.cf, options of one service',
    file: (size) => `smtp inet n - y - - smtpd\n${repeat('  -o option_%d=value\n', size)}`,
    edit: master,
  },
  {
    name: 'master.cf, braces',
    file: (size) => `smtp inet n - y - - smtpd -o { a = ${repeat('{ b } ', size)} }\n`,
    edit: master,
  },
  {
    name: 'dovecot.conf, one line',
    file: (size) => `ssl = yes\nlogin_greeting = ${repeat('word ', size)}\n`,
    edit: dovecot,
  },
  { name: 'dovecot.conf, comments only', file: (size) => repeat('# ssl yes\n', size), edit: dovecot },
  {
    name: 'dovecot.conf, joined lines',
    file: (size) => `login_greeting = ${repeat('word \\\n', size)}\nssl = no\n`,
    edit: dovecot,
  },
  { name: 'dovecot.conf, one setting again and again', file: (size) => repeat('ssl = yes\n', size), edit: dovecot },
  {
    name: 'dovecot.conf, blocks in blocks',
    file: (size) => repeat(`${'a {\n'.repeat(100)}${'}\n'.repeat(100)}`, size),
    edit: dovecot,
  },
  {
    name: 'dovecot.conf, quotes',
    file: (size) => `login_greeting = ${repeat('"\\" ', size)}\nssl = no\n`,
    edit: dovecot,
  },
];

/** Milliseconds, the best of `runs`. */
function time({ file, edit }: Subject, size: number, runs: number): number {
  const bytes = file(size);
  const times = Array.from({ length: runs }, () => {
    const started = performance.now();
    edit(bytes);
    return performance.now() - started;
  });
  return Math.min(...times);
}

/** Rows for a table: figure, measured, bar, note. */
export function editorRows(): string[] {
  const usual = USUAL.flatMap((subject) =>
    SIZES.map((size) => {
      const took = Math.round(time(subject, size * MB, 3));
      const bar = size === 10 && subject.name === 'main.cf' ? '< 1000 ms' : '–';
      return `| read, edit and write a ${subject.name} of ${size} MB | ${took} ms | ${bar} | |`;
    }),
  );
  const hostile = HOSTILE.map((subject) => {
    const [small, large] = [time(subject, 2 * MB, 2), time(subject, 10 * MB, 2)];
    return `| the same for 10 MB of ${subject.name} | ${Math.round(large)} ms | – | 2 MB: ${Math.round(small)} ms |`;
  });
  return [...usual, ...hostile];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(['| figure | measured | bar | |', '| --- | --- | --- | --- |', ...editorRows()].join('\n'));
}
