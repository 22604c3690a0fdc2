/**
 * Generated known_hosts files, each for OpenSSH and for us. `ssh-keygen -F` says which lines mean the host, and `ssh` itself
 * what becomes of it, in front of a server that lets nobody in: to be turned away by the login means that the host key
 * was taken. The same with a real sshd, for fewer files, is test/e2e/ssh/host-keys.test.ts.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { hostKeyAlgorithms } from '../../src/connect/algorithms.ts';
import { hostKeys } from '../../src/connect/host-keys.ts';
import { hostEntry, keyType, matchesHost, parseKnownHosts } from '../../src/connect/known-hosts.ts';
import { readSettings } from '../../src/connect/ssh-config.ts';
import type { HardenMailError } from '../../src/model/errors.ts';
import { quote } from '../../src/formats/text/shell-quote.ts';
import { startServer } from '../support/ssh-server.ts';
import type { TestServer } from '../support/ssh-server.ts';
import { knownHostsCase } from './known-hosts-arbitrary.ts';
import type { KeyWords, KnownHostsCase } from './known-hosts-arbitrary.ts';

const CASES = Number(process.env['HARDEN_MAIL_ORACLE_RUNS'] ?? 320);
const SEED = 20261124;
const TYPES = ['ed25519', 'ecdsa', 'rsa'] as const;
/** Shells at a time. */
const WIDTH = 4;

describe('oracle: known_hosts', () => {
  let folder: string;
  let server: TestServer;
  let words: KeyWords;
  let cases: readonly KnownHostsCase[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harden-mail-known-hosts-'));
    const make = (name: string, type: string): string => {
      const file = join(folder, name);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', file]);
      return readFileSync(`${file}.pub`, 'utf8').trim();
    };
    words = { shown: TYPES.map((type) => make(type, type)), others: TYPES.map((type) => make(`other-${type}`, type)) };
    server = await startServer({
      config: { hostKeys: TYPES.map((type) => readFileSync(join(folder, type))) },
      connection: (client) => client.on('authentication', (attempt) => attempt.reject()),
    });
    cases = fc.sample(knownHostsCase(words), { numRuns: CASES, seed: SEED });
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  /** Two files of the user, and that of the system. */
  function lay({ files }: KnownHostsCase, at: number): string[] {
    return files.map((text, index) => {
      const path = join(folder, `case-${at}-${index}`);
      writeFileSync(path, text, 'latin1');
      return path;
    });
  }

  it('ssh-keygen and the parser find the same lines for a host', async () => {
    const asked = cases.map((one, at) => {
      const [path = ''] = lay(one, at);
      return { path, entry: one.alias?.toLowerCase() ?? hostEntry(one.name, one.port) };
    });
    // With -l it reads the keys as well, and passes over lines whose key is none.
    const answers = await answersOf(asked.map(({ path, entry }) => `ssh-keygen -l -F ${quote(entry)} -f ${path}`));
    let lines = 0;
    for (const [at, { path, entry }] of asked.entries()) {
      const wanted = [...(answers[at] ?? '').matchAll(/found: line (\d+)/g)].map(([, line]) => Number(line));
      const entries = parseKnownHosts(readFileSync(path, 'utf8'), path);
      const got = entries.filter(({ hosts }) => matchesHost(hosts, entry)).map(({ line }) => line);
      assert.deepEqual(got, wanted, `case ${at}, ${entry}: ${JSON.stringify(cases[at]?.files[0])}`);
      lines += wanted.length;
    }
    assert.ok(lines > CASES, `${lines} lines matched: this says little`);
  });

  it('ssh and the tool reach the same verdict on a host key', async () => {
    const paths = cases.map(lay);
    const answers = await answersOf(cases.map((one, at) => sshCommand(one, paths[at] ?? [])));
    const seen: Record<string, number> = {};
    for (const [at, one] of cases.entries()) {
      const got = await ours(one, paths[at] ?? []);
      assert.equal(got, verdictIn(answers[at] ?? ''), `case ${at}: ${JSON.stringify(one, null, 2)}`);
      seen[got] = (seen[got] ?? 0) + 1;
    }
    // Of each enough that this says something.
    for (const verdict of ['known', 'HOST_KEY_UNKNOWN', 'HOST_KEY_CHANGED', 'HOST_KEY_REVOKED']) {
      assert.ok((seen[verdict] ?? 0) >= CASES / 20, JSON.stringify(seen));
    }
  });

  /** What a connection would see: the server shows the key of the first algorithm of ours that it has. */
  async function ours({ name, port, alias }: KnownHostsCase, [first, second, system]: string[]): Promise<string> {
    const settings = {
      ...readSettings('', { hostname: name, port }),
      ...(alias !== undefined && { hostKeyAlias: alias }),
      knownHosts: { user: [first ?? '', second ?? ''], global: [system ?? ''] },
    };
    const keys = await hostKeys(settings, false);
    const shown = words.shown.map((line) => Buffer.from(line.split(' ')[1] ?? '', 'base64'));
    const byAlgorithm = (algorithm: string): Buffer | undefined =>
      shown.find((key) => keyType(key) === (algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm));
    const key = hostKeyAlgorithms(keys.types).map(byAlgorithm).find((found) => found !== undefined); // oxfmt-ignore
    return keys.check(key ?? Buffer.alloc(0)).then(
      () => 'known',
      (error: HardenMailError) => error.code,
    );
  }

  function sshCommand({ name, port, alias }: KnownHostsCase, [first, second, system]: string[]): string {
    const options = [
      `UserKnownHostsFile=${first} ${second}`,
      `GlobalKnownHostsFile=${system}`,
      'BatchMode=yes',
      'PreferredAuthentications=none',
      `ProxyCommand=busybox nc 127.0.0.1 ${server.port}`,
      ...(alias === undefined ? [] : [`HostKeyAlias=${alias}`]),
    ].map((option) => `-o ${quote(option)}`);
    return `ssh -F none ${options.join(' ')} -p ${port} -l root -- ${name} true`;
  }

  function verdictIn(said: string): string {
    if (/Permission denied/.test(said)) return 'known';
    if (/REVOKED HOST KEY/.test(said)) return 'HOST_KEY_REVOKED';
    if (/IDENTIFICATION HAS CHANGED/.test(said)) return 'HOST_KEY_CHANGED';
    return /verification failed/.test(said) ? 'HOST_KEY_UNKNOWN' : said;
  }

  /** What each command says, on either output. A few shells run them all: starting a process from Node takes its time. */
  async function answersOf(commands: readonly string[]): Promise<string[]> {
    const scripts = Array.from({ length: WIDTH }, () => '');
    commands.forEach((command, at) => (scripts[at % WIDTH] += `{ ${command}; } >${folder}/answer-${at} 2>&1\n`));
    await Promise.all(scripts.map((script) => promisify(execFile)('sh', ['-c', `${script}true`])));
    return commands.map((_, at) => readFileSync(join(folder, `answer-${at}`), 'utf8'));
  }
});
