import { nested, refuse, set, type OldSetting, type Converted } from './conversion.ts';
import { convertVariables } from './variables.ts';

/** Converts `file:/path`, `proxy::name` and `redis:host=…:prefix=…` to a `dict` block within another block. */
export function dictionary(around: string) {
  return ({ value }: OldSetting): Converted => {
    if (value === '') return { drop: true };
    const [, driver = '', rest = ''] = /^([a-z]+):(.*)$/.exec(value) ?? [];
    const lines = settingsOf(driver, rest);
    if (!Array.isArray(lines)) return lines;
    const converted: string[] = [];
    for (const [name, text] of lines) {
      const now = convertVariables(text, name);
      if (typeof now !== 'string') return now;
      converted.push(set(name, now));
    }
    return { lines: nested(around, nested(`dict ${driver}`, converted)) };
  };
}

function settingsOf(driver: string, rest: string): [string, string][] | { readonly refuse: string } {
  if (driver === 'file') return [['path', rest]];
  if (driver === 'proxy') {
    const [socket = '', name = ''] = rest.split(':');
    return [['name', name], ...(socket === '' ? [] : [['socket_path', socket] as [string, string]])];
  }
  return refuse(`rewrite the dictionary ${driver}: as a block \`dict\`: harden-mail cannot convert it`);
}
