// The style of CONTRIBUTING.md, "Language": fails on words and turns of phrase that readers stumble over. It looks at comments and
// messages of the sources (.ts and .sh), at the documents, README and the man page. `node scripts/words.mjs FILE…` looks at these files alone.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

process.chdir(new URL('..', import.meta.url).pathname);

const STUMBLES = [
  [/\bparted\b/i, 'separated'],
  [/\b(tak(e|es|en|ing)|took) (\w+ )?up\b/i, 'load, reload, adopt'],
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/\banew\b/i, 'again'],
  [/\bwhoever\b/i, 'name the person'],
  [/(^|[.:;] |[*/] )Who(m|se)? [^?.]*\./, 'a subject in place of a relative clause without one'],
  [/(^|[.:;] |[*/] )What [^?.:]*(\.|$)/, 'a subject in place of a relative clause without one'],
  [/\brooms?\b/i, 'module, space'],
  [/\bdoors?\b/i, 'entry point, file'],
  [/\bhall\b/i, 'src/'],
  [/\ball the same\b/i, 'anyway, nevertheless'],
  [/\bgoes on to\b/i, 'still'],
  [/\b(is|are|was|were|been?) told\b(?! from)/i, 'is reported, gets'],
  [/\bone that is none\b/i, 'name it'],
  [/\bas it were\b/i, 'leave it out'],
  [/\bof (which|whom) (nothing|none|all)\b/i, 'two sentences'],
  [/\bto be had\b/i, 'available'],
  [/\bfit for\b/i, 'suitable for'],
  [/\bof ours\b|\bof theirs\b/i, 'our, their'],
  [/\bnobody else\b/i, 'no other program, no other user'],
  [/\bhands? (it |them )?on\b/i, 'passes on'],
  [/\bfurther names?\b/i, 'additional names'],
];

/** Every place where a text stumbles. */
function stumbles(file) {
  const text = readFileSync(file, 'utf8');
  return prose(file, text).flatMap(([line, words]) =>
    STUMBLES.filter(([pattern]) => pattern.test(words)).map(([pattern, better]) => {
      const [found] = pattern.exec(words);
      return `${file}:${line}: "${found.trim().slice(0, 60)}": ${better}`;
    }),
  );
}

/** The lines of a file that people read, without quoted code. */
function prose(file, text) {
  const lines = text.split('\n').map((line, at) => [at + 1, line]);
  if (/\.(md|1)$/.test(file)) {
    let fenced = false;
    return lines
      .filter(([, line]) => {
        if (line.startsWith('```')) fenced = !fenced;
        return !fenced && !line.startsWith('    ');
      })
      .map(([at, line]) => [at, line.replace(/`[^`]*`/g, '`x`')]);
  }
  if (file.endsWith('.sh'))
    return lines.flatMap(([at, line]) => {
      const [, comment] = /(?:^|\s)# (.*)$/.exec(line) ?? [];
      // Messages are quoted and have several words; other quoted text is a program of sed, awk or another language.
      const texts = [...line.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, a, b]) => a ?? b);
      const messages = texts.filter((text) => /[a-z]{2,} [a-z]{2,} [a-z]{2,}/.test(text));
      return [...messages, ...(comment === undefined ? [] : [comment])].map((text) => [at, text]);
    });
  return lines.flatMap(([at, line]) => {
    const comment = /^\s*(?:\/\*\*?|\*|\/\/) ?(.*?)(?:\*\/)?$/.exec(line)?.[1] ?? /\s\/\/ (.*)$/.exec(line)?.[1];
    const strings = [...line.matchAll(/'((?:[^'\\]|\\.)*)'|`([^`]*)`|"((?:[^"\\]|\\.)*)"/g)].map(
      ([, a, b, c]) => a ?? b ?? c,
    );
    const texts = comment === undefined ? strings.filter((one) => one.includes(' ')) : [comment];
    return texts.map((one) => [at, one.replace(/`[^`]*`/g, '`x`')]);
  });
}

const given = process.argv.slice(2);
const listed = () =>
  execFileSync('git', ['ls-files', 'src', 'docs', 'man', 'examples', '*.md'], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => /\.(ts|sh|md|1)$/.test(name) && !name.startsWith('test/cases/'));
const found = (given.length > 0 ? given : listed()).flatMap(stumbles);
for (const line of found) process.stdout.write(`${line}\n`);
process.exitCode = found.length > 0 ? 1 : 0;
