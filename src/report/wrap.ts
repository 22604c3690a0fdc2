/** Lines of at most `width` characters, broken at blanks; a word that is longer stays whole. Later lines begin with `indent`. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const next = line === '' ? word : `${line} ${word}`;
    if (next.length <= width || line.trim() === '') line = next;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}
