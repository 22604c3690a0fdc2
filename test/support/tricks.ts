/** Values of somebody who wants more than a value: shell and terminal tricks around what is plausible. */
import fc from 'fast-check';

/** @param canary path of a file that is made by every shell trick that works */
export function tricks(canary: string): fc.Arbitrary<string> {
  const touch = `touch ${canary}`;
  const shell = [
    ...[`$(${touch})`, `\`${touch}\``, `;${touch};`, `|${touch}`, `&${touch}&`, `&& ${touch}`, `\n${touch}\n`],
    ...[
      `';${touch};'`,
      `";${touch};"`,
      `'"'"';${touch}`,
      `\\';${touch};\\'`,
      `$'\\x27;${touch}`,
      `\${IFS}`,
      `>${canary}`,
    ],
    ...[`<(${touch})`, `{${touch},}`, `-oProxyCommand=${touch}`, `--pre-hook=${touch}`, `\nEND_OF_FILE\n${touch}\n`],
    ...[`%h`, '%', '~', '*', '!', '#', '\\', "'", '"', '$', '=', '../', '/etc/passwd', '\r\n', '\t', ' ', '-', '--'],
  ];
  const screen = [
    ...['\u001b]0;pwned\u0007', '\u001b[2J', '\u001b[31m', '\u001bP+q\u001b\\', '\u009b31m', '\u009d0;pwned\u009c'],
    ...['\u0000', '\u0007', '\b\b\b', '\u007f', '\r', '\u0085', '\u202e', '\u2066', '\u200b', '\ufeff', '\u2028'],
  ];
  const plain = [
    'mx1',
    'root',
    '.example.org',
    'me@example.org',
    'https://acme.example.org/',
    '192.0.2.1',
    ':',
    'é',
    '1',
  ];
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...plain) },
    { weight: 2, arbitrary: fc.constantFrom(...shell) },
    { weight: 1, arbitrary: fc.constantFrom(...screen) },
  );
  return fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
}

/** Anything that a terminal may obey, but the end of a line. */
export const OBEYED = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u;
