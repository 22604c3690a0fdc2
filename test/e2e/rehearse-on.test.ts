/**
 * `rehearse --on`: this machine plays the spare machine, behind an SSH server of its own that runs commands as a host's does, and the
 * command knows it only by that. The host has twenty-two secrets.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerChannel } from 'ssh2';
import { lab } from '../../src/lab/lab.ts';
import { cacheFolder } from '../../src/lab/image.ts';
import { prepareMachine } from '../../src/lab/requirements.ts';
import { hardenMail, scratch, start, trusting } from '../support/cli.ts';
import { rehearsalOf, rehearseWell } from '../support/rehearsal.ts';
import { startServer, type TestServer } from '../support/ssh-server.ts';
import { ALL, secretHost, type SecretHost } from './secret-host.ts';

const RUNS = join(cacheFolder(), 'runs');

/** As sshd without a terminal: the command's streams end with the channel, and nobody kills it. */
const as =
  (...login: readonly string[]) =>
  (channel: ServerChannel, command: string): void =>
    run(channel, [...login, 'sh', '-c', command]);

/**
 * A user who is not root, and whom this machine's sudo lets do everything: the rule is in place for him alone, in a mount namespace.
 * @param sudoers path of a file with the rule
 */
const another = (sudoers: string): readonly string[] => [
  ...['unshare', '--mount', 'sh', '-ec', 'mount --bind "$0" /etc/sudoers; exec "$@"', sudoers],
  ...['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'],
];

function run(channel: ServerChannel, [program = '', ...args]: readonly string[]): void {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], HARDEN_MAIL_LAB_CACHE: cacheFolder() };
  const child = spawn(program, args, { env, stdio: 'pipe', detached: true });
  channel.pipe(child.stdin).on('error', () => {});
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.once('close', (code) => {
    channel.exit(code ?? 255);
    channel.end();
  });
  channel.once('close', () => {
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  });
}

describe('harden-mail rehearse --on', () => {
  if (process.env['HARDEN_MAIL_REHEARSE'] !== 'all') return;

  let spare: TestServer;
  let found: SecretHost;
  let flags: string[];
  let withSudo: TestServer;

  before(async () => {
    [found, spare] = await Promise.all([secretHost(), startServer({ exec: as() })]);
    await prepareMachine(['sudo']);
    // The first line is in Debian's own file.
    const rule = scratch(
      'sudoers',
      'Defaults env_reset, use_pty\nDefaults env_keep += "HARDEN_MAIL_LAB_CACHE"\nnobody ALL=(root) NOPASSWD: ALL\n',
    );
    chmodSync(rule, 0o440);
    withSudo = await startServer({ exec: as(...another(rule)) });
    const { host } = found;
    const reached = ({ port, folder, knownHosts }: TestServer) => [`HostName 127.0.0.1`, `Port ${port}`, `IdentityFile ${folder}/user`, `UserKnownHostsFile ${knownHosts}`]; // oxfmt-ignore
    const config = [
      ['Host spare', ...reached(spare)],
      ['Host other-user', ...reached(withSudo), 'User ann'],
      [`Host ${host.address}`, `IdentityFile ${host.identity}`, `UserKnownHostsFile ${host.knownHosts}`],
      ['Host *', 'User root'],
    ];
    const file = scratch('ssh_config', `${config.map((lines) => lines.join('\n  ')).join('\n')}\n`);
    flags = [host.address, '--ssh-config', file, ...(await trusting(await lab.acme()))];
  });
  after(async () => {
    await found?.host.stop();
    await spare?.stop();
    await withSudo?.stop();
  });

  /** The processes that play for another machine, and have a lab now. */
  function players(): number[] {
    const lines = readdirSync('/run/harden-mail-lab').flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? []);
    return lines.map(Number).filter((pid) => {
      const file = `/proc/${pid}/cmdline`;
      return existsSync(file) && readFileSync(file, 'latin1').includes('play-rehearsal');
    });
  }

  /** What a rehearsal has on the spare machine. */
  function left(): string[] {
    const folders = readdirSync('/run').filter((name) => name.startsWith('harden-mail-spare'));
    return [...folders, ...players().map(String)];
  }

  async function gone(): Promise<void> {
    for (let tries = 0; left().length > 0 && tries < 100; tries++) await sleep(200);
    assert.deepEqual(left(), []);
  }

  it('a spare machine plays the rehearsal as this one would, and never has a secret of the host', async () => {
    const state = await found.host.state();
    const running = start(['rehearse', '--on', 'spare', ...flags, '--json']);
    let ended = false;
    void running.done.then(() => (ended = true));
    const runs = new Set<string>();
    const seen = new Set<string>();
    while (!ended) {
      for (const pid of players()) runs.add(join(RUNS, String(pid)));
      for (const place of await found.places(runs)) seen.add(place);
      await sleep(700);
    }
    const { code, stdout, stderr } = await running.done;
    assert.equal(code, 0, stdout + stderr);
    assert.equal(runs.size, 1, 'it is played by the program that was sent');
    assert.deepEqual([...seen, ...(await found.places(runs))], []);
    for (const one of ALL) assert.ok(!(stdout + stderr).includes(one), one);
    const rehearsal = rehearsalOf({ stdout, stderr });
    assert.deepEqual(rehearsal.acts.map(({ name }) => name), ['as it is', 'apply', 'verify', 'rollback']); // oxfmt-ignore
    assert.deepEqual([rehearsal.on, rehearsal.sameDiff], ['spare', true]);
    assert.ok(rehearsal.differences.some((text) => text.startsWith('/etc/dovecot/users: ')));
    assert.match(stderr, /: as it is$/m, 'its steps are shown here');
    assert.deepEqual(await found.host.state(), state, 'nothing is written on the host');
    await gone();
  });

  it('a failure on the spare machine is the failure of the host, in its words', async () => {
    await found.host.run('systemd-run -q --unit other python3 -m http.server 465; sleep 1');
    const { code, stdout } = await hardenMail(['rehearse', '--on', 'spare', ...flags]);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /port 465 is held by python3/);
    await found.host.run('systemctl stop other');
  });

  it('an upgrade is played there to its end', async function () {
    this.timeout(900_000); // two upgrades
    const { acts, on } = await rehearseWell([...flags, '--on', 'spare', '--upgrade-to', 'trixie', '--json']);
    const names = acts.map(({ name }) => name).filter((name) => name !== 'with the files of the packages');
    const all = ['as it is', 'apply', 'verify', 'rollback', 'upgrade', 'apply after it', 'verify after it'];
    assert.deepEqual([names, on], [all, 'spare']);
    await gone();
  });

  it('a user who is not root plays it through sudo', async () => {
    const { acts, on } = await rehearseWell([...flags, '--on', 'other-user', '--json']);
    assert.deepEqual(acts.map(({ name }) => name), ['as it is', 'apply', 'verify', 'rollback']); // oxfmt-ignore
    assert.equal(on, 'other-user');
    await gone();
  });

  for (const [signal, on, how] of [
    ['SIGINT', 'spare', 'after Ctrl-C'],
    ['SIGKILL', 'spare', 'after a kill of the command'],
    ['SIGINT', 'other-user', 'through sudo, after Ctrl-C,'],
    ['SIGKILL', 'other-user', 'through sudo, after a kill of the command,'],
  ] as const)
    // oxfmt-ignore
    it(`${how} the spare machine removes the copy and the program`, async () => {
      const running = start(['rehearse', '--on', on, ...flags]);
      await running.said(/: apply$/m);
      const runs = players().map((pid) => join(RUNS, String(pid)));
      assert.equal(runs.length, 1);
      running.signal(signal);
      assert.equal((await running.done).code, signal === 'SIGINT' ? 130 : 137);
      await gone();
      assert.deepEqual(runs.filter((folder) => existsSync(folder)), []); // oxfmt-ignore
    });
});
