/** Ansible's inventory as INI. */
import { HardenMailError } from '../model/errors.ts';
import { newGroup, type AnsibleFile, type AnsibleGroup } from './ansible-file.ts';
import { expandRange } from './ansible-hosts.ts';

/** @throws INVENTORY_INVALID as `FILE:LINE: …` */
export function ansibleIni(text: string, path: string): AnsibleFile {
  const groups = new Map<string, AnsibleGroup>();
  const hosts = new Map<string, Map<string, string>>();
  const lines = new Map<string, number>();
  const group = (name: string): AnsibleGroup => groups.get(name) ?? groups.set(name, newGroup()).get(name)!;
  let section = { name: 'ungrouped', kind: 'hosts' };
  for (const [at, whole] of text.split(/\r?\n/).entries()) {
    const line = whole.trim();
    const wrong = (what: string): HardenMailError =>
      new HardenMailError('INVENTORY_INVALID', `${path}:${at + 1}: ${what}`, 'Fix the file at that place.');
    if (line === '' || /^[#;]/.test(line)) continue;
    const heading = /^\[([^\]:]+)(?::(\w+))?\]\s*(?:#.*)?$/.exec(line);
    if (heading) {
      const [, name = '', kind = 'hosts'] = heading;
      if (!['hosts', 'vars', 'children'].includes(kind)) throw wrong(`[${name}:${kind}] is not known to Ansible`);
      section = { name: name.trim(), kind };
      group(section.name);
    } else if (section.kind === 'children') group(section.name).children.add(withoutComment(line));
    else if (section.kind === 'vars') {
      const [, name, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw wrong('this is not NAME=VALUE');
      group(section.name).vars.set(name, plain(value));
    } else {
      const words = splitWords(line);
      if (words === null) throw wrong('a quote is not closed');
      const [pattern = '', ...settings] = words;
      const { host, port } = hostAndPort(pattern);
      const names = expandRange(host);
      if (names === null) throw wrong(`${host} is not a range such as mx[1:3]`);
      const vars = new Map(port === undefined ? [] : [['ansible_port', port]]);
      for (const setting of settings) {
        const cut = setting.indexOf('=');
        if (cut < 1) throw wrong(`${JSON.stringify(setting)} is not NAME=VALUE`);
        vars.set(setting.slice(0, cut), plain(setting.slice(cut + 1)));
      }
      for (const name of names) {
        group(section.name).hosts.add(name);
        if (!lines.has(name)) lines.set(name, at + 1);
        hosts.set(name, new Map([...(hosts.get(name) ?? []), ...vars]));
      }
    }
  }
  const lineOf = (name: PropertyKey | undefined): number => lines.get(String(name)) ?? 1;
  return { groups, hosts, unread: new Set(), locate: ([, name]) => `${lineOf(name)}:1` };
}

/** `mx1:2222`; an address of IPv6 has its port after brackets. */
function hostAndPort(text: string): { host: string; port?: string } {
  const [, host, port] = /^((?:[^:[\]]|\[[^\]]*\])+):(\d+)$/.exec(text) ?? [];
  const bare = (name: string): string => name.replace(/^\[([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*)\]$/i, '$1');
  return host === undefined || port === undefined ? { host: bare(text) } : { host: bare(host), port };
}

/** Words as a shell splits them; a comment begins with # after white space. Null if a quote is open. */
function splitWords(line: string): string[] | null {
  const words: string[] = [];
  const token = /\s+|#.*$|((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)/gy;
  while (token.lastIndex < line.length) {
    const found = token.exec(line);
    if (!found) return null;
    if (found[1] !== undefined) words.push(unquoted(found[1]));
  }
  return words;
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g,
    (_, single?: string, double?: string, char?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? char ?? '',
  );
}

/** A value in quotes is a string of Python's. */
function plain(value: string): string {
  return withoutComment(value).replace(/^(["'])(.*)\1$/, '$2');
}

function withoutComment(text: string): string {
  return text.replace(/\s#.*$/, '').trim();
}
