import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { spareOf } from '../../../src/cli/run-options.ts';
import { ENGINE } from '../../../src/lab/requirements.ts';
import { HardenMailError } from '../../../src/model/errors.ts';
import { TASKS, type Rehearsal } from '../../../src/model/index.ts';
import type { Capture } from '../../../src/rehearse/capture.ts';
import { cleanCapture } from '../../../src/rehearse/clean-capture.ts';
import type { Remote, ScriptOptions } from '../../../src/remote/remote.ts';
import { scriptText } from '../../../src/remote/scripts.ts';
import { flow } from '../../../src/run/commands/rehearse.ts';
import { originalOf } from '../../../src/run/rehearsal/original.ts';
import { failureLine, rehearsalIn, resultLine, stepReader } from '../../../src/run/spare/answer.ts';
import { packJob, unpackJob } from '../../../src/run/spare/job.ts';
import { play } from '../../../src/run/spare/play.ts';
import { openSpare } from '../../../src/run/spare/spare.ts';
import { machineIn } from '../../../src/run/spare/spare-needs.ts';
import { cases } from '../../support/plan/cases.ts';
import { fakeWorld, HOSTS, io, optionsFor } from './world.ts';

const SECRET = 'hunter2-xyzzy';
const { facts } = cases().find(({ title }) => title === 'recipe/stock-debian-12')!.snapshot;
const file = (path: string, bytes: string, mode = '644') => ({
  path,
  mode,
  owner: 'root:root',
  bytes,
  pristine: false,
});

const CAPTURE: Capture = {
  hostname: 'mx1.example.test',
  users: [],
  groups: [],
  packages: { postfix: '3.7.11-0+deb12u1' },
  files: [
    file('/etc/postfix/main.cf', `smtp_sasl_password_maps = hash:/etc/postfix/isp\nmy_secret = a/${SECRET}\n`),
    file('/etc/postfix/isp', `[isp.test] me:${SECRET}\n`, '600'),
    file('/etc/postfix/virtual', 'caf\xe9@example.test anna\n'),
  ],
  pems: [],
  folders: [],
  read: [],
  stock: ['# a comment of the package'],
  programs: [],
  saslauthd: [`/usr/sbin/saslauthd -a rimap -m /run/saslauthd -O ${SECRET}`],
  running: ['master'],
  listing: ['/etc/postfix/main.cf', '/etc/postfix/isp'],
  others: [],
};
const HOST = { ...HOSTS('mx1')[0]!, identity: `/root/${SECRET}`, user: 'anna', port: 2222 };
const SPARE = { name: 'spare', hostname: '192.0.2.7', user: 'ann', port: 2222 };
const ORIGINAL = originalOf({ host: HOST, address: '192.0.2.1' }, facts, null, cleanCapture(CAPTURE));
const OPTIONS = { trust: [], upgradeTo: 'trixie', tasks: TASKS, confirmTimeout: 60, mailboxes: 'sample' } as const;
const REHEARSAL: Rehearsal = {
  ...{ good: true, verdict: 'apply worked', release: 'bookworm', upgradeTo: 'trixie', sameDiff: true },
  acts: [{ name: 'apply', seconds: 1, faults: [], notes: ['a'], outages: [{ port: 25, seconds: 0.4 }], files: [] }],
  ...{ differences: [], unrehearsed: ['mail'] },
};
const EXPECTED = { release: 'bookworm', upgradeTo: 'trixie' };

/** The output of spare-needs.sh on a machine that lacks nothing. */
const FIT = [
  ...['kernel Linux', 'system debian', 'namespaces yes', 'node v20.19.2', 'program ', 'machine abc def '],
  ...ENGINE.map((name) => `installed ${name}`),
];
const without = (...gone: string[]): string => FIT.filter((line) => !gone.includes(line)).join('\n');

const fails =
  (code: string, message: RegExp, hint = /./) =>
  (error: unknown) =>
    error instanceof HardenMailError && error.code === code && message.test(error.message) && hint.test(error.hint);

describe('rehearse --on: the job', () => {
  it('comes to the spare machine as it was, without the login of the host', () => {
    const { original, options } = unpackJob(packJob({ original: ORIGINAL, options: OPTIONS }, '1.2.3'), '1.2.3');
    const { identity: _, user: _user, port: _port, ...host } = HOST;
    assert.deepEqual(original, { ...ORIGINAL, host });
    assert.deepEqual(options, OPTIONS);
  });

  it('has no secret of the host: not in files, not in the words of programs, not in what tells secret files', () => {
    const job = unpackJob(packJob({ original: ORIGINAL, options: OPTIONS }, '1.2.3'), '1.2.3');
    const text = JSON.stringify(job, (_, value: unknown) =>
      value instanceof Set ? [...(value as Set<string>)] : value,
    );
    assert.ok(!text.includes(SECRET), text);
    assert.deepEqual([...job.original.capture.clues.secretPaths], ['/etc/postfix/isp']);
  });

  it('of another version of harden-mail is refused', () => {
    const job = packJob({ original: ORIGINAL, options: OPTIONS }, '1.2.3');
    assert.throws(() => unpackJob(job, '1.2.4'), fails('STOPPED', /is from harden-mail 1\.2\.3, and this is harden-mail 1\.2\.4/)); // oxfmt-ignore
    const none = gzipSync('{}').toString('base64');
    assert.throws(() => unpackJob(none, '1.2.4'), fails('STOPPED', /harden-mail undefined/));
  });
});

describe('rehearse --on: the answer', () => {
  const answer = (text: string) => rehearsalIn(Buffer.from(text), 'spare', EXPECTED);

  it('is the rehearsal, with the name of the machine that played it', async () => {
    assert.deepEqual(await answer(`step copy\n\n\n${resultLine(REHEARSAL)}`), { ...REHEARSAL, on: 'spare' });
  });

  it('that is no rehearsal, or another one than was asked for, is refused', async () => {
    const { verdict: _, ...less } = REHEARSAL;
    const wrong: readonly unknown[] = [
      less,
      { ...REHEARSAL, good: 'yes' },
      { ...REHEARSAL, acts: [{ name: 'sleep' }] },
      { ...REHEARSAL, release: 'trixie' },
      { ...REHEARSAL, upgradeTo: undefined },
      { ...REHEARSAL, kept: { login: 'ssh elsewhere', remove: 'rm' } },
      null,
      [],
    ];
    const texts = ['', '\n\n', 'rehearsal {', 'rehearsal', ...wrong.map((one) => resultLine(one as Rehearsal))];
    for (const text of texts) await assert.rejects(answer(text), fails('REMOTE_FAILED', /^spare gave no result/), text);
  });

  it('may be a failure, which keeps its code and its hint; a bug there is a bug here', async () => {
    const failed = new HardenMailError('UNSUPPORTED_OS', 'no image', 'Do this.');
    await assert.rejects(answer(failureLine(failed)), fails('UNSUPPORTED_OS', /^spare: no image$/, /^Do this\.$/));
    await assert.rejects(answer(failureLine(new Error('oops'))), /^Error: on spare: a bug in harden-mail: Error: oops/);
    await assert.rejects(answer('failure {"code":"toString","message":7}\n'), /^Error: on spare: 7/);
  });

  it('shows the known steps as they come, in whatever pieces, and nothing else', () => {
    const said: string[] = [];
    const read = stepReader((step) => void said.push(step));
    for (const chunk of ['st', 'ep copy\n\nstep app', 'ly\nstep \u001b[2J\n', 'x'.repeat(1 << 20), '\nstep rollback\n'])
      read(Buffer.from(chunk));
    assert.deepEqual(said, ['copy', 'apply', 'rollback']);
  });
});

describe('rehearse --on: the machine', () => {
  const machine = (text: string) => machineIn(text, 'spare', '1.2.3');

  it('gets the program of the control machine if its Node.js is new enough, and else needs the same version of harden-mail', () => {
    assert.deepEqual(machine(without()), { id: 'abc def ', program: 'sent' });
    const old = without('node v20.19.2', 'program ');
    assert.deepEqual(machine(`${old}\nnode v18.20.4\nprogram 1.2.3`), { id: 'abc def ', program: 'installed' });
    for (const program of ['', '1.2.4'])
      assert.throws(
        () => machine(`${old}\nnode v18.20.4\nprogram ${program}`),
        fails(
          'STOPPED',
          /^spare lacks .*: Node\.js 20\.19/,
          /nodejs.* harden-mail 1\.2\.3\. Nothing was read or written/,
        ),
      );
  });

  it('that lacks programs is refused, with the line that installs them', () => {
    const text = without('installed mmdebstrap', 'installed systemd-container');
    assert.throws(() => machine(text), fails('STOPPED', /^spare lacks .*: mmdebstrap, systemd-container$/, /^Run there, as root: apt-get install mmdebstrap systemd-container\. Nothing/)); // oxfmt-ignore
  });

  it('that is no Debian, or cannot make namespaces, is refused', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      [without('system debian'), /Debian packages/],
      [without('namespaces yes'), /namespaces/],
      [without('kernel Linux'), /booted on Linux/],
      ['', /booted on Linux/],
    ];
    for (const [text, reason] of cases) assert.throws(() => machine(text), fails('STOPPED', reason));
  });
});

describe('rehearse --on: the option', () => {
  it('names a machine as for ssh', () => {
    assert.deepEqual(spareOf({ on: 'ann@spare:2222' }), { on: { name: 'ann@spare:2222', hostname: 'spare', user: 'ann', port: 2222 } }); // oxfmt-ignore
    assert.deepEqual(spareOf({ keep: true }), {});
    assert.throws(() => spareOf({ on: 'a b@:x' }), fails('USAGE', /^--on "a b@:x" is not \[USER@\]HOST\[:PORT\]$/));
  });

  it('is refused together with --keep, before anything is reached', () => {
    assert.throws(() => spareOf({ on: 'spare', keep: true }), fails('USAGE', /^--keep needs a copy on this machine/));
  });
});

describe('rehearse --on: the way there', () => {
  /** A spare machine that answers the question about its parts with this, and a job with what `answer` gives. */
  function spareWorld(needs: string, answer: (script: string, options: ScriptOptions) => string = () => '') {
    const fake = fakeWorld([]);
    const scripts: string[] = [];
    let open = 0;
    const remote: Remote = {
      ...{ name: 'spare', address: '192.0.2.7', forward: () => Promise.reject(new Error('no')) },
      run: async (script, options) => {
        scripts.push(script);
        const stdout = Buffer.from(options.name === 'spare' ? needs : answer(script, options));
        options.onOutput?.(stdout);
        return { code: 0, stdout, stderr: Buffer.alloc(0) };
      },
      close: async () => void (open -= 1),
    };
    const connected: unknown[] = [];
    const connect = async (...args: unknown[]): Promise<Remote> => {
      connected.push(args);
      open += 1;
      return remote;
    };
    const options = {
      ...optionsFor(fake, { on: SPARE, upgradeTo: 'trixie' }),
      world: { ...fake.world, connect },
    };
    return { options, scripts, connected, open: () => open };
  }
  const files = () => ({ 'program.cjs': Buffer.from('the program'), 'worker.cjs': Buffer.from('the worker') });

  it('the machine is reached with its own user and port, without the jump hosts and the password of the hosts', async () => {
    const { options, connected } = spareWorld(without());
    const ssh = { ...options.ssh, jump: 'gate', becomePassword: () => Promise.resolve(SECRET), knownHosts: ['/k'] };
    await openSpare(SPARE, { ...options, ssh }, files);
    assert.deepEqual(connected, [[SPARE, { acceptNewHostKeys: false, knownHosts: ['/k'] }]]);
  });

  it('a machine that cannot play is refused before any host is reached, and its connection is closed', async () => {
    const { options, connected, open } = spareWorld(without('installed pebble'));
    await assert.rejects(flow(HOSTS('mx1'), options, io()), fails('STOPPED', /^spare lacks .*: pebble/));
    assert.deepEqual([connected.length, open()], [1, 0]);
  });

  it('the answer about an Ubuntu host is of the release of its copy', async () => {
    const ubuntu = {
      ...ORIGINAL,
      facts: { ...ORIGINAL.facts, os: { ...ORIGINAL.facts.os, id: 'ubuntu', codename: 'noble' } },
    };
    const nearest = { host: 'Ubuntu 24.04', copy: 'Debian 12', goal: 'Debian 13' };
    const played = { ...REHEARSAL, upgradeTo: 'resolute', nearest };
    const { options } = spareWorld(without(), () => resultLine(played));
    const spare = await openSpare(SPARE, options, files);
    const rehearsal = await spare.play(ubuntu, { ...options, upgradeTo: 'resolute' }, () => {});
    assert.deepEqual(rehearsal.nearest, nearest);
  });

  it('the program and the job are in the script and in no command line, and the answer is the rehearsal', async () => {
    const { options, scripts } = spareWorld(without(), () => `step copy\n${resultLine(REHEARSAL)}`);
    const spare = await openSpare(SPARE, options, files);
    const said: string[] = [];
    const rehearsal = await spare.play(ORIGINAL, options, (step) => void said.push(step));
    assert.deepEqual([rehearsal.on, rehearsal.verdict, said], ['spare', 'apply worked', ['copy']]);
    const script = scripts[1] ?? '';
    assert.match(script, /^printf %s '[\w+/=]+' \| node "\$folder\/program\.cjs" play-rehearsal$/m);
    const job = /^printf %s '([\w+/=]+)' \| node/m.exec(script)?.[1] ?? '';
    assert.equal(unpackJob(job, '1.2.3').options.upgradeTo, 'trixie');
    assert.equal(spawnSync('sh', ['-n'], { input: script }).stderr.toString(), '');
  });

  it('an installed program of this version is used where Node.js is too old', async () => {
    const needs = `${without('node v20.19.2', 'program ')}\nprogram 1.2.3`;
    const { options, scripts } = spareWorld(needs, () => resultLine(REHEARSAL));
    await (await openSpare(SPARE, options, files)).play(ORIGINAL, options, () => {});
    assert.match(scripts[1] ?? '', /^printf %s '[\w+/=]+' \| harden-mail play-rehearsal$/m);
    assert.doesNotMatch(scripts[1] ?? '', /base64/);
  });

  it('an answer has a limit, and silence for a minute is a lost connection', async () => {
    let given: ScriptOptions | undefined;
    const { options } = spareWorld(without(), (_, how) => {
      given = how;
      return resultLine(REHEARSAL);
    });
    await (await openSpare(SPARE, options, files)).play(ORIGINAL, options, () => {});
    assert.deepEqual([given?.most, given?.idleTimeout, given?.intent], [32 << 20, 60, 'write']);
  });

  it('a host is not rehearsed on itself', async () => {
    const { options } = spareWorld(without());
    const spare = await openSpare(SPARE, options, files);
    const host = (id: string): Remote => ({
      ...{ name: 'mx1', address: '192.0.2.7', forward: () => Promise.reject(new Error('no')), close: async () => {} },
      run: async () => ({ code: 0, stdout: Buffer.from(id), stderr: Buffer.alloc(0) }),
    });
    await assert.rejects(spare.assertOther(host('abc def ')), fails('STOPPED', /^spare is mx1 itself/));
    for (const other of ['abc other ', '']) await spare.assertOther(host(other));
  });
});

describe('rehearse --on: on the machine', () => {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-spare-test-'));
  after(() => rmSync(folder, { recursive: true }));
  const PREFIX = join(folder, 'spare');
  const script = scriptText('run/spare/spare-folder.sh').replace(/^SPARE_FOLDER=.*$/m, `SPARE_FOLDER=${PREFIX}`);
  const left = (): string[] => readdirSync(folder);

  it('the program has a folder that only root can read, gone when the shell ends; those of killed shells go first', () => {
    spawnSync('mkdir', [`${PREFIX}.999999999.abcdef`, `${PREFIX}.${process.pid}.abcdef`]);
    const { status, stdout } = spawnSync('sh', [
      '-c',
      `${script}\nstat -c %a "$folder"; umask; ls "$folder/.."; exit 3`,
    ]);
    const [mode, umask, ...names] = stdout.toString().trim().split('\n');
    assert.deepEqual([status, mode], [3, '700']);
    assert.equal(
      umask,
      spawnSync('sh', ['-c', 'umask']).stdout.toString().trim(),
      'what the lab writes keeps its modes',
    );
    assert.deepEqual(names.filter((name) => name.includes('999999999')), []); // oxfmt-ignore
    assert.deepEqual(left(), [`spare.${process.pid}.abcdef`]);
  });

  it('the folder is gone too when nobody reads the output any more, and after a signal', async () => {
    for (const signal of [null, 'SIGTERM'] as const) {
      const child = spawn('sh', ['-c', `${script}\necho ready; sleep 0.3; echo more; echo more`], { stdio: ['ignore', 'pipe', 'ignore'] }); // oxfmt-ignore
      await new Promise((resolve) => child.stdout.once('data', resolve));
      assert.equal(left().length, 2);
      if (signal) child.kill(signal);
      else child.stdout.destroy();
      await new Promise((resolve) => child.once('exit', resolve));
      assert.equal(left().length, 1, String(signal));
    }
  });

  it('a job of another version is answered with a failure, which the control machine reads', async () => {
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    stdin.end(packJob({ original: ORIGINAL, options: OPTIONS }, '1.2.3'));
    const code = await play({ stdin, stdout, version: '9.9.9', signal: new AbortController().signal });
    assert.equal(code, 1);
    await assert.rejects(rehearsalIn(stdout.read() as Buffer, 'spare', EXPECTED), fails('STOPPED', /^spare: the job is from harden-mail 1\.2\.3/)); // oxfmt-ignore
  });
});

describe('rehearse: a machine that cannot boot a copy', () => {
  it('a user without root reads of --on in the hint, and nothing is read from the host', async () => {
    const own = process.getuid;
    const fake = fakeWorld([{ name: 'mx1' }]);
    process.getuid = () => 1000;
    try {
      await assert.rejects(flow(HOSTS('mx1'), optionsFor(fake), io()), fails('STOPPED', /run this as root/, /--on \[USER@\]SPARE/)); // oxfmt-ignore
    } finally {
      if (own) process.getuid = own;
    }
    assert.deepEqual(fake.log, []);
  });
});
