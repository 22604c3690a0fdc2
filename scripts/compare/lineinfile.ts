/**
 * Ansible's lineinfile, by its documented rules: with `regexp` the last line that matches is replaced; where none does, the
 * line goes behind the last one that matches `insertafter`, else to the end; `state: absent` drops every line that matches.
 * The expressions are those that playbooks have: `^#?\s*name\s*=`.
 */
import { isDovecot, isMaster, optionText, parameterOf, partsOf, placeFor, quoted, wantedOf } from './task.ts';
import type { Contender, Task } from './task.ts';

interface Line {
  readonly regexp?: RegExp;
  readonly line: string;
  readonly insertafter?: RegExp;
}

function present(bytes: string, { regexp, line, insertafter }: Line): string {
  const lines = bytes.split(/(?<=\n)/);
  const at = lines.findLastIndex((text) =>
    regexp ? regexp.test(text) : text.replace(/\r?\n$/, '') === line || text === line,
  );
  if (at >= 0 && lines[at]?.replace(/\r?\n$/, '') === line) return bytes;
  if (at >= 0) return lines.toSpliced(at, 1, `${line}\n`).join('');
  if (lines.some((text) => text.replace(/\r?\n$/, '') === line)) return bytes;
  const after = insertafter ? lines.findLastIndex((text) => insertafter.test(text)) : -1;
  const place = after < 0 ? lines.length : after + 1;
  const open = place > 0 && lines[place - 1] !== '' && !lines[place - 1]?.endsWith('\n') ? '\n' : '';
  return lines.toSpliced(place, 0, `${open}${line}\n`).join('');
}

const absent = (bytes: string, regexp: RegExp): string =>
  bytes
    .split(/(?<=\n)/)
    .filter((text) => !regexp.test(text))
    .join('');

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');

export const lineinfile: Contender = async (tasks) => tasks.map(editOf);

function editOf(task: Task): Record<string, string> {
  const { files, reads, edit } = task;
  if (isDovecot(edit)) return dovecot({ ...task, edit });
  const file = reads[0] ?? '';
  const bytes = files[file] ?? '';
  if (!isMaster(edit)) {
    const name = literal(parameterOf(edit));
    const now = new RegExp(`^${name}\\s*=\\s*(.*)`);
    const read = bytes.split('\n').findLast((line) => now.test(line));
    const wanted = wantedOf(edit, read === undefined ? null : (now.exec(read)?.[1] ?? ''));
    if (wanted === null) return { ...files, [file]: absent(bytes, new RegExp(`^${name}\\s*=`)) };
    const line = `${parameterOf(edit)} = ${wanted}`.trimEnd();
    return { ...files, [file]: present(bytes, { regexp: new RegExp(`^#?\\s*${name}\\s*=`), line }) };
  }
  if ('add' in edit) {
    const header = new RegExp(`^${edit.add.split(' ', 2).join('\\s+')}\\s`);
    const lines = edit.options.map(([name, value]) => `  ${optionText(name, value)}`);
    const added = present(bytes, { regexp: header, line: edit.add });
    return { ...files, [file]: lines.reduceRight((text, line) => present(text, { line, insertafter: header }), added) };
  }
  const option = new RegExp(`^\\s*-o\\s+\\{?\\s*${'set' in edit ? edit.set : edit.remove}\\s*=`);
  const service = new RegExp(`^${edit.service.replace(' ', '\\s+')}\\s`);
  const after =
    'set' in edit
      ? present(bytes, { regexp: option, line: `  ${optionText(edit.set, edit.value)}`, insertafter: service })
      : absent(bytes, option);
  return { ...files, [file]: after };
}

function dovecot(task: Task & { readonly edit: Parameters<typeof partsOf>[0] }): Record<string, string> {
  const { files, reads, edit } = task;
  const { headers, key } = partsOf(edit);
  const active = new RegExp(`^\\s*${literal(key)}\\s*=`, 'm');
  if (edit.value === null) {
    const changed = reads.map((file) => [file, absent(files[file] ?? '', active)] as const);
    return { ...files, ...Object.fromEntries(changed) };
  }
  const header = headers.at(-1);
  const block = header === undefined ? undefined : new RegExp(`^\\s*${literal(header)}\\s*\\{`, 'm');
  const file = placeFor(task, (path) => (block ?? active).test(files[path] ?? ''));
  const bytes = files[file] ?? '';
  const line = `${'  '.repeat(headers.length)}${key} = ${quoted(edit.value)}`;
  if (block && !block.test(bytes)) {
    const open = headers.map((text, depth) => `${'  '.repeat(depth)}${text} {`);
    const close = headers.map((_, depth) => `${'  '.repeat(headers.length - 1 - depth)}}`);
    const text = [...open, line, ...close].join('\n');
    return { ...files, [file]: bytes.includes(text) ? bytes : present(bytes, { line: text }) };
  }
  const regexp = new RegExp(`^\\s*#?\\s*${literal(key)}\\s*=`);
  return { ...files, [file]: present(bytes, { regexp, line, ...(block && { insertafter: block }) }) };
}
