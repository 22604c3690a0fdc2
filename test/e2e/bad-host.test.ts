/**
 * Hosts that attack the controller, each beside a good host in the same run. Both are SSH servers inside the test. A good host ends
 * well, and the bad one ends with a message, within a limit of memory; a signal ends the run at any moment.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerChannel } from 'ssh2';
import type { Bytes } from '../../src/model/index.ts';
import { scratch, SCRATCH } from '../support/cli.ts';
import { gatherOutput } from '../support/gather-output.ts';
import { cases } from '../support/plan/cases.ts';
import { startServer, type TestServer } from '../support/ssh-server.ts';

const BIN = new URL('../../bin/harden-mail.js', import.meta.url).pathname;
const { files } = cases().find(({ title }) => title === 'recipe/stock-debian-12')!.snapshot;
const STOCK = Object.fromEntries(Object.values(files).map(({ path, bytes }) => [path, bytes]));
const [MAIN, MASTER, DOVECOT] = [
  '/etc/postfix/main.cf',
  '/etc/postfix/master.cf',
  '/etc/dovecot/dovecot.conf',
] as const;
const many = (text: string, times: number): string => text.repeat(times);

/** Megabytes of a run on two hosts; a usual one has 130. */
const MOST_MEMORY = 450;

const GOOD = /good {2}Plan: \d+ files, \d+ settings/;
const PLANNED = /bad {2}Plan: \d+ files, \d+ settings/;

type Answer = (channel: ServerChannel, mark: string) => void;

/** A host whose files are read at once. */
const answering = (changed: Readonly<Record<string, Bytes>> = {}): Answer => {
  const output = gatherOutput({ ...STOCK, ...changed });
  return (channel, mark) => {
    channel.stderr.write(`${mark}\n${mark} 0\n`);
    channel.write(Buffer.concat([Buffer.from(`${mark}\n`), output, Buffer.from(`${mark} 0\n`)]));
    channel.on('end', () => finish(channel));
  };
};

const markOf = (command: string): string => /n=(\w+); n="\$n"(\w+);/.exec(command)?.slice(1).join('') ?? '';

function finish(channel: ServerChannel): void {
  channel.exit(0);
  channel.end();
}

/** Writes for as long as the client reads. */
function flood(stream: NodeJS.WritableStream, chunk: Buffer): void {
  const more = (): void => {
    while (stream.writable && stream.write(chunk));
  };
  stream.on('drain', more);
  more();
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly megabytes: number;
  /** Seconds until the end. */
  readonly seconds: number;
}

interface Run {
  readonly ended: Promise<Ended>;
  /** Resolves once standard error has this; rejects where the run ends without it. */
  said(what: RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

function run(args: readonly string[]): Run {
  const child = spawn(process.execPath, [BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: SCRATCH },
  });
  const began = performance.now();
  let [output, kilobytes] = ['', 0];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const watch = setInterval(() => {
    try {
      const [, peak = '0'] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
      kilobytes = Math.max(kilobytes, Number(peak));
    } catch {
      // the process has ended
    }
  }, 50);
  const ended = new Promise<Ended>((resolve) =>
    child.once('close', (code) => {
      clearInterval(watch);
      resolve({ code, output, megabytes: kilobytes / 1024, seconds: (performance.now() - began) / 1000 });
    }),
  );
  return {
    ended,
    async said(what) {
      let over = false;
      void ended.then(() => (over = true));
      while (!what.test(output)) {
        if (over) throw new Error(`it ended without ${String(what)}: ${output}`);
        await sleep(20);
      }
    },
    signal: (name) => void child.kill(name),
  };
}

describe('a bad host beside a good one', function () {
  this.timeout(120_000);
  let answer: Answer;
  let good: TestServer;
  let bad: TestServer;
  before(async () => {
    const well = answering();
    good = await startServer({ exec: (channel, command) => well(channel, markOf(command)) });
    bad = await startServer({ exec: (channel, command) => answer(channel, markOf(command)) });
  });
  after(async () => {
    await good?.stop();
    await bad?.stop();
  });

  /** A dry run, or another command, on these hosts. */
  function over(hosts: Readonly<Record<string, TestServer>>, ...command: string[]): Run {
    const known = scratch(
      'known_hosts',
      [good, bad].map(({ knownHosts }) => readFileSync(knownHosts, 'utf8')).join(''),
    );
    const entries = Object.entries(hosts).map(([name, { port, folder }]) => [
      name,
      { hostname: '127.0.0.1', port, user: 'root', identity: `${folder}/user`, domain: 'mx1.example.test' },
    ]);
    const inventory = scratch('inventory.json', JSON.stringify({ hosts: Object.fromEntries(entries) }));
    return run([
      ...command,
      '--inventory',
      inventory,
      '--known-hosts',
      known,
      '--ssh-config',
      'none',
      '--color',
      'never',
    ]);
  }
  const DRY = ['apply', '--dry-run', '--no-diff', '--progress'];

  describe('by the bytes that it sends', () => {
    const zeros = Buffer.alloc(32_768);
    for (const [what, attack, message] of [
      [
        'floods standard output after the mark',
        (channel, mark) => {
          channel.stderr.write(`${mark}\n`);
          channel.write(`${mark}\n`);
          flood(channel, zeros);
        },
        /bad {2}failed: .*the host sent more than 16 MiB, and the rest was not read/,
      ],
      [
        'floods standard error before the mark',
        (channel) => flood(channel.stderr, Buffer.from(many('noise ', 5000))),
        /bad {2}failed: .*no shell for root: the host said “/,
      ],
    ] as const satisfies readonly [string, Answer, RegExp][])
      it(`a host that ${what} fails alone, and the run stays below ${MOST_MEMORY} MB`, async () => {
        answer = attack;
        const { code, output, megabytes } = await over({ bad, good }, ...DRY).ended;
        assert.match(output, message);
        assert.match(output, GOOD);
        assert.equal(code, 1, output);
        assert.ok(megabytes < MOST_MEMORY, `${megabytes} MB`);
      });

    it('a host that prints a line a second does not hold up the good host, and a signal ends the run', async () => {
      answer = (channel, mark) => {
        channel.stderr.write(`${mark}\n`);
        channel.write(`${mark}\n`);
        const timer = setInterval(() => channel.write('still here\n'), 1000);
        channel.on('close', () => clearInterval(timer));
      };
      const both = over({ bad, good }, ...DRY);
      await both.said(/good: done/);
      const since = performance.now();
      both.signal('SIGTERM');
      const { code, output, megabytes } = await both.ended;
      assert.ok(performance.now() - since < 5000, 'two seconds, and room for a loaded machine');
      assert.equal(code, 130);
      assert.match(output, /bad {2}failed: /);
      assert.ok(megabytes < MOST_MEMORY, `${megabytes} MB`);
    });
  });

  describe('by the files that it has', () => {
    const dovecot = STOCK[DOVECOT]!;
    const main = STOCK[MAIN]!;
    const macros = Array.from({ length: 60 }, (_, n) => `a${n + 1} = ${many(`$a${n} `, 40)}\n`).join('');
    for (const [what, changed, message] of [
      [
        'a bomb of braces',
        { [DOVECOT]: `${dovecot}!include_try ${many('{a,b}', 26)}\n` },
        /bad {2}failed: .*fewer braces/,
      ],
      ['patterns of many stars', { [DOVECOT]: `${dovecot}!include_try ${many('*a', 2000)}*b\n` }, PLANNED],
      [
        'a bomb of macros',
        { [MAIN]: `${main}a0 = ${many('x', 1000)}\n${macros}mynetworks = $a60\nmydestination = $a60\n` },
        /bad {2}failed: it cannot be proved .{1,2000}$/m,
      ],
      ['one long word in a comment', { [MAIN]: `${main}# ${many('x', 200_000)}\n` }, PLANNED],
      [
        'files with more than 2 MiB',
        { [MASTER]: `${STOCK[MASTER]!}${many('# x\n', 600_000)}` },
        /bad {2}failed: the configuration files have more than 2 MiB together/,
      ],
    ] as const satisfies readonly [string, Readonly<Record<string, Bytes>>, RegExp][])
      it(`a host with ${what} is answered, the good one too, and the run stays below ${MOST_MEMORY} MB`, async () => {
        answer = answering(changed);
        const { output, megabytes } = await over({ bad, good }, ...DRY).ended;
        assert.match(output, message);
        assert.match(output, GOOD);
        assert.ok(megabytes < MOST_MEMORY, `${megabytes} MB`);
      });
  });

  describe('while its plan is made', () => {
    /** Costs ten seconds, within all limits of size. */
    const heavy = {
      [MASTER]: `${STOCK[MASTER]!}${Array.from({ length: 900 }, (_, n) => `${10_000 + n} inet n - y - - smtpd\n`).join('')}`,
      [DOVECOT]: `${STOCK[DOVECOT]!}${many('service a {\n inet_listener b {\n  port = 1\n }\n}\n', 35_000)}`,
    };
    for (const [signal, hosts] of [
      ['SIGINT', 'one host'],
      ['SIGTERM', 'two hosts'],
    ] as const)
      it(`${signal} ends a run on ${hosts} within two seconds`, async () => {
        answer = answering(heavy);
        const all = over({ bad, ...(hosts === 'two hosts' && { good }) }, ...DRY);
        await all.said(/bad: gather/);
        await sleep(1500);
        const since = performance.now();
        all.signal(signal);
        const { code, output } = await all.ended;
        const took = performance.now() - since;
        assert.ok(took < 5000, `${took} ms: two seconds, and room for a loaded machine`);
        assert.equal(code, 130, output);
      });
  });

  describe('by an inventory', () => {
    const member = { hostname: 'nosuch.invalid' };
    const aliases = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${many(`*a${n},`, 10)}]`).join('\n');
    for (const [what, file, code, message] of [
      [
        'a group of many stars',
        scratch(
          'stars.json',
          JSON.stringify({ hosts: { [many('a', 60)]: member }, groups: { g: { hosts: [`${many('*a', 25)}*b`] } } }),
        ),
        3,
        /matches no host/,
      ],
      [
        'aliases that repeat aliases',
        scratch('aliases.yaml', `a0: &a0 [x]\n${aliases}\nhosts: *a9\n`),
        3,
        /the aliases \(\*NAME\) repeat too many values/,
      ],
    ] as const)
      it(`an inventory with ${what} is answered at once`, async () => {
        const ended = await run(['apply', '--dry-run', '--inventory', file]).ended;
        assert.match(ended.output, message);
        assert.equal(ended.code, code);
        assert.ok(ended.megabytes < MOST_MEMORY && ended.seconds < 30, `${ended.megabytes} MB, ${ended.seconds} s`);
      });
  });
});
