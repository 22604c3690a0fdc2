/** The file patterns of `!include`: glob(3) with GLOB_BRACE, matched against a list of known paths. */

/**
 * The paths that match a pattern, in the daemon's order: brace alternatives in sequence, each in ASCII order.
 * `paths` are absolute; `pattern` may be a plain path. As in the shell, wildcards do not match names that begin with a dot.
 */
export function globPaths(pattern: string, paths: readonly string[]): string[] {
  return braces(pattern).flatMap((alternative) => {
    const matches = matcher(normalise(alternative));
    return paths.filter(matches).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  });
}

/** A relative path is relative to the folder of the file that names it. */
export function resolvePath(path: string, from: string): string {
  return path.startsWith('/') ? path : from.slice(0, from.lastIndexOf('/') + 1) + path;
}

/** Resolves `//`, `/./` and `/x/../`, so that each file has one name. */
export function normalise(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return '/' + parts.join('/');
}

/** `a{b,c}d` → `abd`, `acd`. `{}` and an unclosed brace are literal. */
function braces(pattern: string): string[] {
  const open = findOpen(pattern);
  if (open < 0) return [pattern];
  let depth = 0;
  let from = open + 1;
  const parts: string[] = [];
  for (let i = open; i < pattern.length; i++) {
    const char = pattern[i];
    if (char === '\\') i++;
    else if (char === '{') depth++;
    else if ((char === '}' || char === ',') && depth === 1) {
      parts.push(pattern.slice(from, i));
      from = i + 1;
      if (char === '}') {
        const [head, tail] = [pattern.slice(0, open), pattern.slice(i + 1)];
        return parts.flatMap((part) => braces(head + part + tail));
      }
    } else if (char === '}') depth--;
  }
  return [pattern];
}

function findOpen(pattern: string): number {
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++;
    else if (pattern[i] === '{' && pattern[i + 1] !== '}') return i;
  }
  return -1;
}

function matcher(pattern: string): (path: string) => boolean {
  const parts = pattern.split('/').map(component);
  return (path) => {
    const names = path.split('/');
    return names.length === parts.length && parts.every((part, i) => part.test(names[i]!));
  };
}

function component(pattern: string): RegExp {
  let source = /^[*?[]/.test(pattern) ? '(?!\\.)' : '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    const set = char === '[' ? /^\[([!^]?)(\]?[^\]]*)\]/.exec(pattern.slice(i)) : null;
    if (set !== null) {
      source += `[${set[1] === '' ? '' : '^'}${set[2]!.replace(/[\\\]^[]/g, '\\$&')}]`;
      i += set[0].length - 1;
    } else if (char === '*') source += '[^]*';
    else if (char === '?') source += '[^]';
    else source += literal(char === '\\' && i + 1 < pattern.length ? pattern[++i]! : char);
  }
  return new RegExp(`^${source}$`);
}

const literal = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
