/**
 * Lines of at most `width` characters, broken at blanks; a longer word stays whole.
 * @param first prefix of the first line
 * @param rest prefix of each further line
 */
export function wrap(text: string, width: number, first = '', rest = first): string[] {
  const lines: string[] = [];
  let [line, empty] = [first, true];
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      [line, empty] = [rest, true];
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
