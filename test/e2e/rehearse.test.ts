/**
 * A rehearsal of a host with twenty-two secrets: its verdict, then the same on the host itself; and where this machine looks, none
 * of the secrets is there, during it, after it, and after a kill.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import { cacheFolder } from '../../src/lab/image.ts';
import { runProgram } from '../../src/lab/programs.ts';
import { hardenMail, issuedBy, start, to, trusting } from '../support/cli.ts';
import { ALL, secretHost, type SecretHost } from './secret-host.ts';

/** The command has another home than this test; the images are the same. */
const CACHE = { HARDEN_MAIL_LAB_CACHE: cacheFolder() };
const RUNS = join(cacheFolder(), 'runs');

describe('harden-mail rehearse', () => {
  let host: LabHost;
  let flags: string[];
  let placesIn: SecretHost['places'];

  before(async () => {
    ({ host, places: placesIn } = await secretHost());
    flags = [...to(host), ...(await trusting(await lab.acme()))];
  });
  after(() => host?.stop());

  /** The folders of the copies of this test, as long as they exist. */
  const runs = new Set<string>();

  async function places(): Promise<string[]> {
    for (const pid of copiers()) runs.add(join(RUNS, String(pid)));
    return placesIn(runs);
  }

  /** The rehearsals of this test that have a lab now. */
  function copiers(): number[] {
    return readdirSync('/run/harden-mail-lab')
      .flatMap((name) => /^(\d+)\.json$/.exec(name)?.[1] ?? [])
      .filter(
        (pid) =>
          existsSync(`/proc/${pid}`) &&
          new RegExp(`^PPid:\t${process.pid}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'latin1')),
      ) // oxfmt-ignore
      .map(Number);
  }

  it('a good host is called good, with a timeline, and no secret of it is anywhere on this machine meanwhile', async () => {
    const state = await host.state();
    const running = start(['rehearse', ...flags, '--json'], CACHE);
    let ended = false;
    void running.done.then(() => (ended = true));
    const seen = new Set<string>();
    while (!ended) {
      for (const place of await places()) seen.add(place);
      await sleep(700);
    }
    const { code, stdout, stderr } = await running.done;
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual([...seen, ...(await places())], []);
    for (const one of ALL) assert.ok(!(stdout + stderr).includes(one), one);
    const { rehearsal } = (JSON.parse(stdout) as { hosts: { rehearsal: { acts: { name: string }[]; sameDiff: boolean; unrehearsed: string[]; differences: string[] } }[] }).hosts[0]!; // oxfmt-ignore
    assert.deepEqual(rehearsal.acts.map(({ name }) => name), ['as it is', 'apply', 'verify', 'rollback']); // oxfmt-ignore
    assert.equal(rehearsal.sameDiff, true);
    assert.ok(rehearsal.unrehearsed.some((text) => /milter at 127\.0\.0\.1:8891 \(opendkim\)/.test(text)), rehearsal.unrehearsed.join('\n')); // oxfmt-ignore
    assert.ok(rehearsal.differences.some((text) => text.startsWith('/etc/dovecot/users: ')));
    assert.deepEqual(await host.state(), state, 'nothing is written on the host');
  });

  if (process.env['HARDEN_MAIL_REHEARSE'] !== 'all') return;

  it('what was rehearsed then happens to the host itself', async () => {
    const authority = await issuedBy(await lab.acme());
    const { code, stdout, stderr } = await hardenMail(['apply', '--yes', ...to(host), ...authority]);
    assert.equal(code, 0, stdout + stderr);
    const back = await hardenMail(['rollback', '--yes', ...flags]);
    assert.equal(back.code, 0, back.stdout + back.stderr);
  });

  it('a host with another program on port 465 is called bad, with the program', async () => {
    await host.run('systemd-run -q --unit other python3 -m http.server 465; sleep 1');
    const { code, stdout } = await hardenMail(['rehearse', ...flags], CACHE);
    assert.equal(code, 1, stdout);
    assert.match(stdout, /port 465 is held by python3/);
    await host.run('systemctl stop other');
  });

  it('--keep leaves the copy, without a secret, until the line that removes it is run', async () => {
    const running = start(['rehearse', ...flags, '--keep'], CACHE);
    const said = await running.printed(/Nothing was written on the host/);
    const [copier = 0] = copiers();
    assert.deepEqual(await places(), []);
    const [, login = ''] = /^ +(ssh -i .*)$/m.exec(said) ?? [];
    const inside = await runProgram('sh', ['-c', `${login} hostname -f`]);
    assert.equal(inside.stdout.toString(), await host.run('hostname -f'), inside.stderr.toString());
    const [, remove = ''] = /^ +To remove it: Ctrl-C here, or (kill \d+)$/m.exec(said) ?? [];
    assert.equal(remove, `kill ${copier}`);
    await runProgram('sh', ['-c', remove]);
    assert.equal((await running.done).code, 143);
    assert.ok(!existsSync(`/run/harden-mail-lab/${copier}.json`) && !existsSync(join(RUNS, String(copier))));
  });

  it('after a kill nothing secret is left, and the next start removes the copy', async () => {
    const killed = start(['rehearse', ...flags], CACHE);
    await killed.said(/: apply$/m);
    const [copier = 0] = copiers();
    killed.signal('SIGKILL');
    await killed.done;
    const run = (pid: number) => join(RUNS, String(pid));
    assert.ok(existsSync(`/run/harden-mail-lab/${copier}.json`) && existsSync(run(copier)));
    assert.deepEqual(await places(), []);
    const next = start(['rehearse', ...flags], CACHE);
    await next.said(/: as it is$/m);
    assert.ok(!existsSync(`/run/harden-mail-lab/${copier}.json`) && !existsSync(run(copier)), 'the killed run is gone');
    const [latter = 0] = copiers();
    assert.ok(existsSync(run(latter)));
    next.signal('SIGINT');
    assert.equal((await next.done).code, 130);
    assert.ok(
      !existsSync(`/run/harden-mail-lab/${latter}.json`) && !existsSync(run(latter)),
      'Ctrl-C removes the copy',
    );
  });
});
