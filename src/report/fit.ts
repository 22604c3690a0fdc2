/** Text of a line with the codes of colours; they take no column. */
const COLOUR = /\u001b\[\d+m/g;
/** The columns of a line, at most to here: a sign, a port, a name, each followed by two blanks or more. */
const FARTHEST = 32;

/**
 * A line for a terminal of this width: broken at blanks, and the rest begins below the text of the first line. A command to copy stays
 * one line: the terminal breaks it, and a copy has no line end.
 */
export function fit(line: string, width: number): string[] {
  const plain = line.replace(COLOUR, '');
  if (plain.length <= width || /^ *harden-mail /.test(plain)) return [line];
  const indent = ' '.repeat(textAt(plain));
  const lines: string[] = [];
  let [now, length, empty] = ['', 0, true];
  for (const word of line.split(/(?<=\S) (?=\S)/)) {
    const size = word.replace(COLOUR, '').length;
    if (!empty && length + 1 + size > width) {
      lines.push(now);
      [now, length, empty] = [indent, indent.length, true];
    }
    now += empty ? word : ` ${word}`;
    length += empty ? size : 1 + size;
    empty = false;
  }
  return [...lines, now];
}

/** The column in which the text of a line begins, after its signs and names. */
function textAt(plain: string): number {
  const gaps = [...plain.slice(0, FARTHEST).matchAll(/ {2,}/g)].map(({ index, 0: gap }) => index + gap.length);
  const sign = /^ *[^\w\s] /.exec(plain)?.[0].length ?? 0;
  return Math.max(sign, gaps.at(-1) ?? 2);
}
