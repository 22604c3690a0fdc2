/** Did one edit do what was meant, and nothing else, by what the real postconf said before and after? Throws if not. */
import assert from 'node:assert/strict';
import { listMembers } from '../../src/formats/text/lists.ts';
import type { MainEdit, MasterEdit } from '../support/formats/postfix-cases.ts';
import type { Verdict } from './postfix.ts';

const blanks = (text: string) => text.replace(/[ \t\r\n]+/g, ' ');

export function checkMain(edit: MainEdit, before: Verdict, after: Verdict): void {
  assert.ok(after.accepted, after.stderr);
  const name =
    'set' in edit ? edit.set : 'remove' in edit ? edit.remove : 'insert' in edit ? edit.insert : edit.permitUsers;
  // postconf -n leaves a variable of the admin's out when nothing uses it any more, and warns of it.
  const unused = (key: string) => after.stderr.includes(`unused parameter: ${key}=`);
  const rest = ({ main }: Verdict) => [...main].filter(([key]) => key !== name && !unused(key));
  assert.deepEqual(rest(after), rest(before));
  const [was, is] = [before.main.get(name), after.main.get(name)];
  if ('set' in edit) assert.equal(is, blanks(edit.value));
  else if ('remove' in edit) assert.equal(is, undefined);
  else if ('insert' in edit) {
    const members = listMembers(was ?? '');
    const at = edit.before === null || !members.includes(edit.before) ? members.length : members.indexOf(edit.before);
    const member = listMembers(edit.member);
    const there = ` ${members.join(' ')} `.includes(` ${member.join(' ')} `);
    assert.deepEqual(listMembers(is ?? ''), there ? members : members.toSpliced(at, 0, ...member));
  } else {
    const members = listMembers(is ?? '');
    const refusal = members.findIndex((one) => /^(reject|defer)_unauth_destination$/i.test(one));
    const users = members.findIndex((one) => one.toLowerCase() === 'permit_sasl_authenticated');
    if (was !== is) assert.ok(users >= 0 && (refusal < 0 || users < refusal), is);
    // The admin's own entries are there in their order.
    let at = -1;
    for (const member of listMembers(was ?? '')) {
      at = members.indexOf(member, at + 1);
      assert.ok(at >= 0, `${member} in ${is}`);
    }
  }
}

/** By `postconf -M`, which has one line a service. */
export function checkMaster(edit: MasterEdit, before: Verdict, after: Verdict): void {
  assert.ok(after.accepted, after.stderr);
  const [name = '', type = ''] = ('add' in edit ? edit.add : edit.service).split(' ');
  const isService = (line: string) => line.split(/ +/, 2).join(' ') === `${name} ${type}`;
  if ('add' in edit) {
    const added = after.services.findIndex(isService);
    assert.deepEqual(after.services.toSpliced(added, 1), before.services);
    const { head, args } = partsOf(after.services[added] ?? '');
    assert.equal(head, edit.add);
    assert.deepEqual(args, edit.options.map(([key, value]) => ['-o', `${key}=${value}`]).flat());
    return;
  }
  // Of several with one name and type Postfix runs the last.
  const at = before.services.findLastIndex(isService);
  assert.deepEqual(after.services.toSpliced(at, 1), before.services.toSpliced(at, 1));
  const key = 'set' in edit ? edit.set : edit.remove;
  const [was, is] = [partsOf(before.services[at] ?? ''), partsOf(after.services[at] ?? '')];
  assert.equal(is.head, was.head);
  const now = split(is.args, key);
  assert.deepEqual(now.others, split(was.args, key).others);
  assert.equal(now.values.at(-1), 'set' in edit ? blanks(edit.value) : undefined);
}

/** The eight columns, and the arguments behind them, each without the braces around it and with runs of blanks as one. */
function partsOf(line: string): { head: string; args: string[] } {
  const words: string[] = [];
  let level = 0;
  for (const piece of line.split(/( +)/)) {
    if (level > 0) words.push(`${words.pop()}${piece}`);
    else if (piece.trim() !== '') words.push(piece);
    level += piece.split('{').length - piece.split('}').length;
    if (level < 0) level = 0;
  }
  const args = words
    .slice(8)
    .map((word) => (/^\{.*\}$/.test(word) ? word.slice(1, -1) : word))
    .map(blanks);
  return { head: words.slice(0, 8).join(' '), args };
}

/** The values of `-o key=value`, and all else. Options end at the first word that is none: the rest is the program's. */
function split(args: readonly string[], key: string): { values: string[]; others: string[] } {
  const end = args.findIndex((arg, index) => args[index - 1] !== '-o' && (!arg.startsWith('-') || arg === '--'));
  const isOption = (at: number) => (end < 0 || at < end) && args[at - 1] === '-o' && args[at]?.startsWith(`${key}=`);
  const values = args.filter((_, at) => isOption(at)).map((arg) => arg.slice(key.length + 1));
  return { values, others: args.filter((_, at) => !isOption(at) && !isOption(at + 1)) };
}
