// The style of CONTRIBUTING.md, "Language": fails on words and turns of phrase that readers stumble over. It looks at comments and
// messages of the sources (.ts and .sh), at the documents, README and the man page, and at the titles of tests.
// `node scripts/words.mjs FILE…` looks at these files alone.
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

/** The title of a test also has no "we": its subject is a part of the program, a host or a person. */
const IN_TITLES = [...STUMBLES, [/\b(we|us|our|ours|got)\b/, 'name the subject; an exact verb']];

/** Every place where a text stumbles. */
function stumbles(file) {
  const text = readFileSync(file, 'utf8');
  const isTest = file.startsWith('test/') && !file.endsWith('.md');
  return (isTest ? titles(file, text) : prose(file, text)).flatMap(([line, words]) =>
    (isTest ? IN_TITLES : STUMBLES)
      .filter(([pattern]) => pattern.test(words))
      .map(([pattern, better]) => {
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

/**
 * The titles of tests: every string in the first argument of `describe` and `it`, and the sentences of cases that stand for one
 * (`title`, `why`, `what` and `sentence` of the tables in the tests, `why` and `name` in test/cases).
 */
function titles(file, text) {
  const lineOf = (at) => text.slice(0, at).split('\n').length;
  const found = (pattern) => [...text.matchAll(pattern)].map((match) => match.index + match[0].length);
  if (file.endsWith('.json'))
    return found(/"(?:why|name)": (?=")/g).map((at) => [
      lineOf(at),
      JSON.parse(/"(?:[^"\\]|\\.)*"/.exec(text.slice(at))[0]),
    ]);
  const starts = [
    ...found(/(?<![.\w])(?:describe|it)(?:\.\w+)?\(\s*/g),
    ...found(/(?<![.\w])(?:title|why|what|sentence):\s*(?=['"`])/g),
  ];
  return starts.flatMap((at) => firstStrings(text, at).map(([place, words]) => [lineOf(place), words]));
}

/** The strings of the expression that begins at `start`; `${…}` is `x` in the template around it, and its strings count too. */
function firstStrings(text, start) {
  const strings = [];
  let at = start;
  /** Reads to the comma or bracket that ends the expression. */
  function expression() {
    for (let depth = 0; at < text.length; at++) {
      if (/['"`]/.test(text[at])) string(text[at]);
      else if (/[([{]/.test(text[at])) depth++;
      else if (/[)\]},]/.test(text[at]) && depth === 0) return;
      else if (/[)\]}]/.test(text[at])) depth--;
    }
  }
  /** Reads a string, and stops at its last quote. */
  function string(quote) {
    const begin = at++;
    let words = '';
    for (; at < text.length && text[at] !== quote; at++) {
      if (quote === '`' && text.startsWith('${', at)) {
        at += 2;
        expression();
        words += 'x';
      } else words += text[at] === '\\' ? text[++at] : text[at];
    }
    strings.push([begin, words]);
  }
  expression();
  return strings;
}

const given = process.argv.slice(2);
/** Cases whose sentence is the title of a test. */
const CASES = /^test\/cases\/(postfix-\w+\/[^/]+\/edit|dovecot\/[^/]+)\.json$/;
const listed = () =>
  execFileSync('git', ['ls-files', 'src', 'docs', 'man', 'examples', 'test', '*.md'], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => (/\.(ts|sh|md|1)$/.test(name) && !/^test\/(cases\/|.*\.sh$)/.test(name)) || CASES.test(name));
const found = (given.length > 0 ? given : listed()).flatMap(stumbles);
for (const line of found) process.stdout.write(`${line}\n`);
process.exitCode = found.length > 0 ? 1 : 0;
