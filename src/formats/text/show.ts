/**
 * A server's text, made safe for a message: one line, printable ASCII only, so that no control or direction character
 * reaches a terminal, and at most `max` characters.
 */
export function show(text: string, max = 160): string {
  const plain = text.replace(/[^\x20-\x7e]/g, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return plain.length > max ? `${plain.slice(0, max - 1)}…` : plain;
}
