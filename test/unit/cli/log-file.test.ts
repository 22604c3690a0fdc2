import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logged, openLog } from '../../../src/terminal/log-file.ts';
import { terminal } from '../../../src/terminal/terminal.ts';
import { facts, fail, HOSTILE, pass, plan, result } from '../../support/report/results.ts';
import { command, screen } from '../../support/screen.ts';
import { VIEWS } from '../../support/report/views.ts';

describe('cli: --log-file', () => {
  let folder: string;
  let path: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'harden-mail-log-'))));
  beforeEach(() => (path = join(folder, 'run.log')));
  afterEach(() => rmSync(path, { force: true }));
  after(() => rmSync(folder, { recursive: true }));

  const silent = (line: string): void => assert.fail(line);
  /** Without time and process. */
  const lines = (): string[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[\d+\] /, ''));

  async function written(name = 'mx1'): Promise<string[]> {
    const { process, out } = screen();
    const io = logged(terminal(process, {}), openLog(path, silent), {
      command: 'apply',
      version: '0.1.0',
      flags: { host: 'mx1', yes: true },
      who: 'ann',
    });
    await io.progress.each([{ name }], 1, async (_, say) => {
      say('connect');
      io.command({ host: name, name: 'gather', seconds: 1, sent: 10, received: 20, code: 0 });
      say('gather');
      return 'done';
    });
    await io.show([{ name, domain: name, facts, plan }]);
    const results = [result({ kind: 'changed' }, { host: name, plan, findings: [pass, fail] })];
    await io.finish({
      command: 'apply',
      version: '0.1.0',
      views: VIEWS,
      dryRun: false,
      began: 0,
      seconds: 2,
      exit: 0,
      results,
    });
    assert.match(out(), /changed: /);
    return lines();
  }

  it('the log has the steps and commands with their times, the plan, the diffs, the findings and the ending', async () => {
    const all = await written();
    assert.match(all[0] ?? '', /^harden-mail \d+\.\d+\.\d+ apply begins, by ann: --host=mx1 --yes=true$/);
    assert.deepEqual(
      all.slice(1, 6).map((line) => line.replace(/\d+\.\d{3} s/, 'N s')),
      [
        'mx1: connect',
        'mx1: ran gather: 1.00 s, 10 B sent, 20 B received',
        'mx1: connect took N s',
        'mx1: gather',
        'mx1: gather took N s',
      ],
    );
    for (const line of [
      'mx1: +++ /etc/dovecot/dovecot.conf',
      'mx1:   ✔  25 starttls             STARTTLS is offered',
      'mx1:   ✖ 143 logindisabled        a plain login is taken',
      '1 host: 1 changed',
      'harden-mail apply ends, exit 0, 2.000 s',
    ]) {
      assert.ok(all.includes(line), `${line} is not in\n${all.join('\n')}`);
    }
    assert.ok(all.some((line) => line.startsWith('mx1: mx1  changed: ')));
    assert.equal(all.at(-1), '');
  });

  it('the log holds no secret', async () => {
    const all = (await written()).join('\n');
    assert.doesNotMatch(all, /hunter2/);
    assert.match(all, /relay_password = \*{8}/);
    openLog(path, silent)('--acme-server=https://me:hunter2@acme.test/');
    assert.equal(lines().at(-2), '--acme-server=https://me:********@acme.test/');
  });

  it('a host cannot send control characters to the terminal of a reader, and cannot forge a line of the log', async () => {
    const all = await written(`mx1${HOSTILE}\n2026-11-24T10:15:00.000Z [1] mx2: fine`);
    assert.doesNotMatch(all.join('\n'), /[\u001b\u202e]/);
    assert.ok(!all.some((line) => line.startsWith('mx2')));
    for (const line of readFileSync(path, 'utf8').trimEnd().split('\n')) assert.match(line, /^\d{4}-.*Z \[\d+\] \S/);
  });

  it('a new log is readable by its owner only, and an existing log keeps its mode and its lines', async () => {
    openLog(path, silent)('one');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    chmodSync(path, 0o640);
    openLog(path, silent)('two');
    assert.deepEqual(lines(), ['one', 'two', '']);
    assert.equal(statSync(path).mode & 0o777, 0o640);
  });

  it('a log file that cannot be written is reported before any host is contacted', () => {
    writeFileSync(path, '');
    const { code, err } = command(['check', '--host', 'x', '--log-file', `${path}/x`]);
    assert.equal(code, 3);
    assert.match(err, /^harden-mail: --log-file \S+ cannot be written: ENOTDIR\n {2}→ \S/);
  });

  it('a full disk is reported once and stops nothing', () => {
    const told: string[] = [];
    const log = openLog('/dev/full', (line) => told.push(line));
    log('one');
    log('two');
    assert.deepEqual(told, ['harden-mail: /dev/full cannot be written any more: ENOSPC']);
  });

  it('the log has the reason why no host was started', () => {
    assert.equal(command(['check', '--log-file', path]).code, 3);
    const [begins, why, ends] = lines();
    assert.match(begins ?? '', / check begins, by /);
    assert.match(why ?? '', /^no host is given: .* → /);
    assert.match(ends ?? '', /^harden-mail check ends, exit 3, /);
  });
});
