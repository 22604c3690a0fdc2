/**
 * Any value as one word of POSIX sh: single quotes, with each inner single quote written as `'\''`.
 * @throws Error for a NUL, which no shell word can contain
 */
export function quote(value: string): string {
  if (value.includes('\0')) throw new Error('a NUL character cannot be passed to a shell');
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
