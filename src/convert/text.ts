import type { Setting } from '../formats/dovecot/dovecot-lexer.ts';
import { set, type Converted } from './conversion.ts';
import { convertVariables } from './variables.ts';

/**
 * The same value under another name, with its variables converted. A value of several lines stays so, with the `\` at the
 * line ends.
 */
export function renamedInPlace(
  bytes: string,
  line: Setting,
  name: string,
  change: (value: string) => string | { readonly refuse: string } = (value) => value,
): Converted {
  const several = line.form === 'plain' && line.valueStart >= 0 && /\n/.test(bytes.slice(line.keyStart, line.valueEnd));
  const whole = change(convertOrKeep(line.value, line.key));
  if (typeof whole !== 'string') return whole;
  const checked = convertVariables(line.value, line.key);
  if (typeof checked !== 'string') return checked;
  if (!several) return { lines: [set(name, whole, line.form === 'quoted')] };
  // Start at the `=`: the value may begin on the next line.
  const raw = bytes.slice(line.keyStart + line.key.length, line.valueEnd);
  const changed = change(convertOrKeep(raw, line.key));
  return typeof changed === 'string' ? { lines: [`${name}${changed}`] } : changed;
}

function convertOrKeep(value: string, key: string): string {
  const converted = convertVariables(value, key);
  return typeof converted === 'string' ? converted : value;
}
