/**
 * The texts of `--help` and `completion`, made when the program is built: yargs, the program's text and its compilation together take as
 * long as Node.js itself takes to start.
 */
import { deflateSync, inflateSync } from 'node:zlib';

/** `--help` is laid out for these widths: that of a pipe and of most terminals, and the largest that is used. */
export const WIDTHS = [80, 120] as const;

/** Texts by the name that `preparedName` gives. */
export type PreparedTexts = Readonly<Record<string, string>>;

/** In a file: compressed, because the commands share most of their options. */
export const packTexts = (texts: PreparedTexts): Buffer => deflateSync(JSON.stringify(texts), { level: 9 });

/** Undefined for a name that has no text. */
export function unpackText(packed: Buffer, name: string): string | undefined {
  const texts = JSON.parse(inflateSync(packed).toString()) as PreparedTexts;
  return Object.hasOwn(texts, name) ? texts[name] : undefined;
}

/**
 * The name of the text that a command line asks for, and nothing else; null for every other command line, which yargs parses.
 * @param columns of the terminal; undefined for a pipe
 */
export function preparedName(args: readonly string[], columns: number | undefined): string | null {
  const [first = '', second = '', third] = args;
  if (third !== undefined) return null;
  if (first === 'completion' && /^[a-z]+$/.test(second)) return `completion ${second}`;
  const isOfAll = second === '' && args.length === 1 && (first === '--help' || first === 'help');
  const command = isOfAll ? '' : second === '--help' ? first : first === 'help' ? second : null;
  return command !== null && /^[a-z]*$/.test(command) && (isOfAll || command !== '')
    ? `help ${Math.min(columns ?? 80, 120)} ${command}`
    : null;
}
