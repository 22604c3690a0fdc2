/**
 * Looks for input that costs more time or memory than its size allows: real files with one piece repeated up to a megabyte. The size
 * grows step by step until it is reached, so input with quadratic cost is found while it is still small. The search is random with a
 * cost oracle, and not guided by coverage: coverage rewards new branches, and costly input runs the same few branches very often.
 *
 *     npm run fuzz -- --minutes 10 [--seed N]
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseKnownHosts, judgeHostKey } from '../src/connect/known-hosts.ts';
import { convertDovecot } from '../src/convert/convert.ts';
import { loadDovecot } from '../src/formats/dovecot/dovecot.ts';
import { parseMain, setMain } from '../src/formats/postfix/main-cf.ts';
import { parseMaster, services } from '../src/formats/postfix/master-cf.ts';
import { parseSnapshot } from '../src/gather/parse-snapshot.ts';
import { redact } from '../src/formats/redact.ts';
import { HardenMailError } from '../src/model/errors.ts';
import { compose } from '../src/plan/compose.ts';
import { cases } from '../test/support/plan/cases.ts';

const LARGEST = 2 ** 20;
/** For one parser, and for a whole plan, which parses and edits a file many times. */
const PARSER = { seconds: 1, megabytes: 200 };
const PLAN = { seconds: 5, megabytes: 600 };

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 1);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);

let state = seed;
/** xorshift32: the same seed gives the same inputs. */
function random(below: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % Math.max(1, below);
}
const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;

const read = (path: string): string => readFileSync(path, 'latin1');
const isConfiguration = (path: string): boolean => /\.(cf|conf)$/.test(path);
const below = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile() && isConfiguration(path));
const corpus = below('test/corpus').map(read);
const planCases = cases().filter(({ snapshot }) => Object.keys(snapshot.files).some(isConfiguration));

/** Text built to repeat: what a parser may look at again and again. */
const PIECES = [
  '{',
  '}',
  '"',
  "'",
  '\\',
  '\\\n',
  ' ',
  '\t',
  '\n',
  ',',
  '$',
  '${a',
  '=',
  '#',
  '<',
  '-o ',
  'a',
  '*',
  '(',
  ':',
  '/',
  '@',
  '!include ',
];

/** Lines that refer to earlier lines, or differ from them; `#` is replaced by the number of the repetition. */
const LINES = [
  'mail_plugins = $mail_plugins acl\n',
  'a# = $a# $a#\n',
  'mynetworks = $mynetworks 10.0.0.#\n',
  '# inet n - y - - smtpd\n',
  'unix# unix - - y - - smtp\n',
  ' -o a#=$b\n',
  ' -o smtpd_recipient_restrictions=permit_mynetworks,check_client_access,hash:/#\n',
  'passdb {\n driver = #\n}\n',
  'namespace # {\n prefix = #\n}\n',
  'protocol imap {\n a# = b\n}\n',
  'service # {\n inet_listener # {\n port = #\n }\n}\n',
  'local #.example.test {\n ssl_cert = </#\n}\n',
  '!include_try #.conf\n',
  '# password = #\n',
];

interface Target {
  readonly name: string;
  readonly most: typeof PARSER;
  readonly base: () => { readonly text: string; readonly run: (text: string) => void };
}

/** A plan case of which one file is the hostile one. */
function planWith(profile: 'standard' | 'strict'): Target {
  return {
    name: `plan ${profile}`,
    most: PLAN,
    base: () => {
      const { snapshot, policy } = pick(planCases);
      const path = pick(Object.keys(snapshot.files).filter(isConfiguration));
      const run = (text: string): void => {
        const file = snapshot.files[path]!;
        compose(
          { ...snapshot, files: { ...snapshot.files, [path]: { ...file, bytes: text } } },
          { ...policy, profile },
        );
      };
      return { text: random(2) === 0 ? pick(corpus) : snapshot.files[path]!.bytes, run };
    },
  };
}

function parser(name: string, base: () => string, parse: (text: string) => unknown): Target {
  return { name, most: PARSER, base: () => ({ text: base(), run: (text) => void parse(text) }) };
}

const DOVECOT = '/etc/dovecot/dovecot.conf';
const KNOWN =
  'mx1,*.example.test,!a?b ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB x\n';
const ANSWERS = [
  'LISTEN 0 100 0.0.0.0:25 0.0.0.0:* users:(("master",pid=612,fd=13))\n',
  'postfix\t3.7.11-0+deb12u1\tinstall ok installed\nmyhostname = mx1.example.test\n',
  'Id=postfix.service\nActiveState=active\nLoadState=loaded\n\n',
  '-----BEGIN PUBLIC KEY-----\nMFkwEwYH\n-----END PUBLIC KEY-----\n',
  'Inst postfix (3.7.11-0+deb12u1 Debian:12/stable [amd64])\nRemv exim4\n',
  '120 644 1799990000 root:root /etc/postfix/main.cf\n/etc/letsencrypt/live/mx1.example.test/fullchain.pem\n',
];

const TARGETS: readonly Target[] = [
  planWith('standard'),
  planWith('strict'),
  parser('redact', () => pick(corpus), redact),
  parser(
    'main.cf',
    () => pick(corpus),
    (text) => setMain(parseMain(text, 'main.cf'), 'smtpd_tls_security_level', 'may'),
  ),
  parser(
    'master.cf',
    () => pick(corpus),
    (text) => services(parseMaster(text, 'master.cf')),
  ),
  parser(
    'dovecot',
    () => pick(corpus),
    (text) => loadDovecot({ [DOVECOT]: text }, DOVECOT),
  ),
  parser(
    'conversion',
    () => pick(corpus),
    (text) => convertDovecot(loadDovecot({ [DOVECOT]: text }, DOVECOT), '2.4.1'),
  ),
  parser(
    'known_hosts',
    () => KNOWN,
    (text) => judgeHostKey(parseKnownHosts(text, 'known_hosts'), 'mx1.example.test', 22, Buffer.from('key')),
  ),
  ...[
    'listeners',
    'masters',
    'packages',
    'postconf',
    'units',
    'simulation',
    'lineages',
    'keys',
    'pem',
    'refusals',
    'lost-maps',
    'stat',
    'os',
    'busy',
  ].map((section) =>
    parser(
      `gather ${section}`,
      () => pick(ANSWERS),
      (text) => parseSnapshot(Buffer.from(`@now 1\n1\n@${section} ${text.length}\n${text}\n@end 0\n\n`, 'latin1')),
    ),
  ),
];

interface Mutation {
  readonly head: string;
  readonly piece: string;
  readonly tail: string;
}

function mutation(text: string): Mutation {
  if (random(3) === 0) {
    const start = text.indexOf('\n', random(text.length + 1)) + 1;
    return { head: text.slice(0, start), piece: pick(LINES), tail: text.slice(start) };
  }
  const at = random(text.length + 1);
  const from = random(text.length + 1);
  const own = text.slice(from, from + 1 + random(40));
  const made = Array.from({ length: 1 + random(3) }, () => pick(PIECES)).join('');
  return { head: text.slice(0, at), piece: pick([own, made, own + made]) || 'x', tail: text.slice(at) };
}

/** The piece as often as the size holds it. */
function repeated(piece: string, size: number): string {
  const times = Math.ceil(size / piece.length);
  if (!LINES.includes(piece)) return piece.repeat(times);
  return Array.from({ length: times }, (_, n) => piece.replaceAll('#', `${n}`)).join('');
}

/** Without the garbage of earlier runs, whose time and memory would count for the next one. */
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** CPU seconds and megabytes of one run; errors of the program are results like others. */
function cost(run: () => void): { seconds: number; megabytes: number } {
  collect();
  const heap = process.memoryUsage().rss;
  const before = process.cpuUsage();
  try {
    run();
  } catch (error) {
    if (!(error instanceof HardenMailError)) throw error;
  }
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, megabytes: (process.memoryUsage().rss - heap) / 2 ** 20 };
}

const end = process.cpuUsage().user + minutes * 60e6;
let tries = 0;
let worst = 0;
let found = 0;
function report(line: string): void {
  found += 1;
  process.stdout.write(`${line}\n`);
}
while (process.cpuUsage().user < end && found < 20) {
  const target = pick(TARGETS);
  const { text, run } = target.base();
  const { head, piece, tail } = mutation(text);
  tries += 1;
  let last = 0;
  for (let size = 2 ** 12; size <= LARGEST; size *= 4) {
    const hostile = head + repeated(piece, size) + tail;
    const shown = `${target.name}, ${size} bytes of ${JSON.stringify(piece)} after ${JSON.stringify(head.slice(-40))} before ${JSON.stringify(tail.slice(0, 40))}`;
    let spent: ReturnType<typeof cost>;
    try {
      spent = cost(() => run(hostile));
    } catch (error) {
      report(`${shown}: ${(error as Error).stack?.split('\n').slice(0, 4).join(' | ')}`);
      break;
    }
    worst = Math.max(worst, spent.seconds);
    // Quadratic cost grows 16 times with four times the size: what it would be at the largest size decides.
    const growth = last > 0.02 ? spent.seconds / last : 4;
    const expected = spent.seconds * Math.max(4, growth) ** (Math.log2(LARGEST / size) / 2);
    last = spent.seconds;
    if (
      spent.seconds > target.most.seconds ||
      (growth > 8 && expected > 4 * target.most.seconds) ||
      spent.megabytes > target.most.megabytes
    ) {
      report(`${shown}: ${spent.seconds.toFixed(2)} s, ${spent.megabytes.toFixed(0)} MB, growth ${growth.toFixed(1)}`);
      break;
    }
  }
}
process.stdout.write(
  `fuzz: seed ${seed}, ${tries} inputs up to ${LARGEST} bytes, slowest ${worst.toFixed(2)} s, ${found} found\n`,
);
process.exitCode = found > 0 ? 1 : 0;
