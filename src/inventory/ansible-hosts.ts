/** The names that a pattern of Ansible stands for. */

const MOST_HOSTS = 10_000;

/** `mx[01:03].example.org` as mx01, mx02, mx03; `[a:c]` letters, `[1:9:2]` with a step. Null if a range is wrong. */
export function expandRange(pattern: string): string[] | null {
  const found = /\[(\w+):(\w+)(?::(\d+))?\]/.exec(pattern);
  if (!found) return /[[\]]/.test(pattern.replace(/^\[[0-9a-f:.]+\]/i, '')) ? null : [pattern];
  const [range, first = '', last = '', step = '1'] = found;
  const [head, tail] = [pattern.slice(0, found.index), pattern.slice(found.index + range.length)];
  const members = membersOf(first, last, Number(step));
  const rests = members && expandRange(tail);
  if (!members || !rests || members.length * rests.length > MOST_HOSTS) return null;
  return members.flatMap((member) => rests.map((rest) => head + member + rest));
}

function membersOf(first: string, last: string, step: number): string[] | null {
  const isNumber = /^\d+$/.test(first) && /^\d+$/.test(last);
  const isLetter = /^[a-z]$/i.test(first) && /^[a-z]$/i.test(last);
  if (step < 1 || !(isNumber || isLetter)) return null;
  const [from, to] = isNumber ? [Number(first), Number(last)] : [first.charCodeAt(0), last.charCodeAt(0)];
  if (to < from || to - from > MOST_HOSTS * step) return null;
  const width = /^0/.test(first) ? first.length : 0;
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, n) => from + n * step).map((n) =>
    isNumber ? String(n).padStart(width, '0') : String.fromCharCode(n),
  );
}
