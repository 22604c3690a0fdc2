/**
 * `rehearse --on`: this machine plays the spare machine, behind an SSH server of its own that runs commands as a host's does, and the
 * command knows it only by that. The host has twenty-two secrets.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerChannel } from 'ssh2';
import { lab } from '../../src/lab/lab.ts';
import { cacheFolder } from '../../src/lab/image.ts';
import { hardenMail, scratch, start, trusting } from '../support/cli.ts';
import { startServer, type TestServer } from '../support/ssh-server.ts';
import { ALL, secretHost, type SecretHost } from './secret-host.ts';

const RUNS = join(cacheFolder(), 'runs');

/** As sshd without a terminal: the command's streams end with the channel, and nobody kills it. */
function run(channel: ServerChannel, command: string): void {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], HARDEN_MAIL_LAB_CACHE: cacheFolder() };
  const child = spawn('sh', ['-c', command], { env, stdio: 'pipe', detached: true });
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

  before(async () => {
    [found, spare] = await Promise.all([secretHost(), startServer({ exec: run })]);
    const { host } = found;
    const config = [
      ['Host spare', `HostName 127.0.0.1`, `Port ${spare.port}`, `IdentityFile ${spare.folder}/user`, `UserKnownHostsFile ${spare.knownHosts}`], // oxfmt-ignore
      [`Host ${host.address}`, `IdentityFile ${host.identity}`, `UserKnownHostsFile ${host.knownHosts}`],
      ['Host *', 'User root'],
    ];
    const file = scratch('ssh_config', `${config.map((lines) => lines.join('\n  ')).join('\n')}\n`);
    flags = [host.address, '--on', 'spare', '--ssh-config', file, ...(await trusting(await lab.acme()))];
  });
  after(async () => {
    await found?.host.stop();
    await spare?.stop();
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
    const running = start(['rehearse', ...flags, '--json']);
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
    const { rehearsal } = (JSON.parse(stdout) as { hosts: { rehearsal: { on: string; acts: { name: string }[]; sameDiff: boolean; differences: string[] } }[] }).hosts[0]!; // oxfmt-ignore
    assert.deepEqual(rehearsal.acts.map(({ name }) => name), ['as it is', 'apply', 'verify', 'rollback']); // oxfmt-ignore
    assert.deepEqual([rehearsal.on, rehearsal.sameDiff], ['spare', true]);
    assert.ok(rehearsal.differences.some((text) => text.startsWith('/etc/dovecot/users: ')));
    assert.match(stderr, /: as it is$/m, 'its steps are shown here');
    assert.deepEqual(await found.host.state(), state, 'nothing is written on the host');
    await gone();
  });

  it('a failure on the spare machine is the failure of the host, in its words', async () => {
    await found.host.run('systemd-run -q --unit other python3 -m http.server 465; sleep 1');
    const { code, stdout } = await hardenMail(['rehearse', ...flags]);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /port 465 is held by python3/);
    await found.host.run('systemctl stop other');
  });

  for (const [signal, how] of [
    ['SIGINT', 'after Ctrl-C'],
    ['SIGKILL', 'after a kill of the command'],
  ] as const)
    // oxfmt-ignore
    it(`${how} the spare machine removes the copy and the program`, async () => {
      const running = start(['rehearse', ...flags]);
      await running.said(/: apply$/m);
      const runs = players().map((pid) => join(RUNS, String(pid)));
      assert.equal(runs.length, 1);
      running.signal(signal);
      assert.equal((await running.done).code, signal === 'SIGINT' ? 130 : 137);
      await gone();
      assert.deepEqual(runs.filter((folder) => existsSync(folder)), []); // oxfmt-ignore
    });
});
