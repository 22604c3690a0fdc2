/** The command as its users run it: a child process, on pipes or in a terminal. Built by `npm run build` beforehand. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Acme, LabHost } from '../../src/lab/lab.ts';
import { assertDocument } from './report/document.ts';
import { quote } from '../../src/formats/text/shell-quote.ts';

export interface Outcome {
  /** Exit status; 128 + n when signal n ended it. */
  readonly code: number;
  readonly stdout: string;
  /** In a terminal: all that the terminal showed. */
  readonly stderr: string;
}

/** How a command that cannot do its work must end. */
export interface Failure {
  readonly exit: number;
  /** What the line must say, and what the line after it. */
  readonly says: RegExp;
  readonly todo: RegExp;
}

export interface Running {
  readonly done: Promise<Outcome>;
  /** Resolves once standard error has said this; rejects when the command ends without having said it. */
  said(what: RegExp): Promise<void>;
  /** The same for standard output; gives what it has said so far. */
  printed(what: RegExp): Promise<string>;
  type(text: string): void;
  signal(name: NodeJS.Signals): void;
}

export type Environment = Readonly<Record<string, string>>;

const BIN = fileURLToPath(new URL('../../bin/harden-mail.js', import.meta.url));

/** Where this run keeps its files; also the home of the user who runs the command, who has no SSH files of their own. */
export const SCRATCH = mkdtempSync(join(tmpdir(), 'harden-mail-e2e-'));

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
  rmSync(SCRATCH, { recursive: true, force: true });
});

/** Runs the command to its end, with nobody to answer a question. */
export function hardenMail(args: readonly string[], env?: Environment): Promise<Outcome> {
  return start(args, env).done;
}

/** The same on a machine whose resolver is this address, and no other. */
export function hardenMailAsking(resolver: string, args: readonly string[]): Promise<Outcome> {
  const conf = scratch('resolv.conf', `nameserver ${resolver}\n`);
  const shell = ['--mount', 'sh', '-c', 'mount --bind "$0" /etc/resolv.conf && exec "$@"', conf];
  const child = spawn('unshare', [...shell, process.execPath, BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: clean(),
  });
  return watch(child, collect(child.stderr), collect(child.stdout)).done;
}

export function start(args: readonly string[], env: Environment = {}): Running {
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...clean(), HARDEN_MAIL_PROGRESS: 'yes', ...env }, // tests wait for its lines
  });
  return documented(args, watch(child, collect(child.stderr), collect(child.stdout)));
}

/**
 * The same in a terminal of its own, by script(1). Results, on standard output, are kept apart from it. Without a size, as a
 * terminal that nobody looks at has none, there is no live progress.
 */
export function startInTerminal(
  args: readonly string[],
  env: Environment = {},
  size?: { readonly rows: number; readonly columns: number },
): Running {
  const results = scratch('stdout');
  const sized = size ? `stty rows ${size.rows} cols ${size.columns}; ` : '';
  const command = `${sized}${[process.execPath, BIN, ...args].map(quote).join(' ')}`;
  const child = spawn(
    'script',
    ['--quiet', '--return', '--flush', '--command', `${command} >${results}`, '/dev/null'],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...clean(), SHELL: '/bin/sh', TERM: 'xterm', ...env },
    },
  );
  return documented(args, watch(child, collect(child.stdout), { text: () => readFileSync(results, 'utf8') }));
}

/** Whatever a test is about, a document that was printed is one of docs/json.schema.json. */
function documented(args: readonly string[], running: Running): Running {
  if (!args.includes('--json')) return running;
  const done = running.done.then((outcome) => {
    if (outcome.stdout !== '') assertDocument(outcome.stdout);
    return outcome;
  });
  done.catch(() => {}); // Told to whoever waits for it.
  return { ...running, done };
}

/** Which host, and how to get in. `user` is root, or one of the host's. */
export function to(host: LabHost, user = 'root'): string[] {
  return ['--host', host.address, '--user', user, ...credentials(host)];
}

/** How to get in, where the host is named elsewhere. */
export function credentials({ identity, knownHosts }: Pick<LabHost, 'identity' | 'knownHosts'>): string[] {
  return ['--identity', identity, '--known-hosts', knownHosts, '--ssh-config', 'none'];
}

/** Trusts what the lab's authority issues. */
export async function trusting(acme: Acme): Promise<string[]> {
  return ['--ca', scratch('root.pem', await acme.root())];
}

/** Has certificates made by the lab's authority, and trusts them. */
export async function issuedBy(acme: Acme): Promise<string[]> {
  return ['--acme-server', acme.directory, ...(await trusting(acme))];
}

/** The arguments with another value for one option, which may not be given twice. */
export function withOption(args: readonly string[], name: string, value: string): string[] {
  const at = args.indexOf(name);
  return at < 0 ? [...args, name, value] : [...args.slice(0, at + 1), value, ...args.slice(at + 2)];
}

let count = 0;

/** Path of a new file, gone at the end of the run. */
export function scratch(name: string, content = ''): string {
  const path = join(SCRATCH, `${++count}-${name}`);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** Nothing of whoever runs the tests: no agent, no keys, no HARDEN_MAIL_ settings, no CI. */
function clean(): NodeJS.ProcessEnv {
  const { PATH, NODE_V8_COVERAGE } = process.env;
  return { PATH, HOME: SCRATCH, ...(NODE_V8_COVERAGE !== undefined && { NODE_V8_COVERAGE }) };
}

interface Words {
  text(): string;
}

function collect(from: NodeJS.ReadableStream): Words {
  let text = '';
  from.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return { text: () => text };
}

function watch(child: ChildProcess, words: Words, results: Words): Running {
  alive.add(child);
  let ended = false;
  const done = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      ended = true;
      alive.delete(child);
      const killed = signal === null ? 255 : 128 + constants.signals[signal];
      resolve({ code: code ?? killed, stdout: results.text(), stderr: words.text() });
    });
  });
  const heard = (stream: Words, what: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = () => {
        if (what.test(stream.text())) resolve();
        else if (ended) {
          const all = words === results ? words.text() : `${words.text()}\n${results.text()}`;
          reject(new Error(`it ended without having said ${String(what)}:\n${all}`));
        }
      };
      child.stdout?.on('data', look);
      child.stderr?.on('data', look);
      child.once('close', look);
      look();
    });
  return {
    done,
    said: (what) => heard(words, what),
    printed: (what) => heard(results, what).then(() => results.text()),
    type: (text) => void child.stdin?.write(text),
    signal: (name) => void child.kill(name),
  };
}

/**
 * One line tells what is wrong, and the last one what to do. Between them only the place in a file may be shown.
 */
export function assertFailure({ code, stdout, stderr }: Outcome, { exit, says, todo }: Failure): void {
  const all = `${stdout}\n${stderr}`;
  const lines = (exit === 3 ? stderr : stdout).trimEnd().split('\n');
  const wrong = lines.findLastIndex((line) => /^(harden-mail|\S+ {2}failed): /.test(line));
  const message = (lines[wrong] ?? '').replace(/^(harden-mail|\S+ {2}failed): /, '');
  const [hint = '', ...excerpt] = lines.slice(wrong + 1).reverse();
  assert.match(message, says, all);
  assert.match(hint, /^ {2}→ \S/, all);
  assert.match(hint, todo, all);
  for (const line of excerpt) assert.match(line, /^ {4} *\d* \| /, all);
  assert.doesNotMatch(message + hint, /\\u\{/, 'control characters');
  assert.equal(code, exit, all);
}
