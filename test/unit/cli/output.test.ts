import assert from 'node:assert/strict';
import { listHosts } from '../../../src/cli/list-hosts.ts';
import type { Flags } from '../../../src/cli/arguments.ts';
import { detailed } from '../../../src/cli/cli.ts';
import type { Ending, HostResult } from '../../../src/model/index.ts';
import type { FinishedRun } from '../../../src/terminal/recap.ts';
import { terminal, type TerminalOptions } from '../../../src/terminal/terminal.ts';
import { assertDocument } from '../../support/report/document.ts';
import { EMPTY, facts, fail, hint, pass, plan, result, warn } from '../../support/report/results.ts';
import { command, screen } from '../../support/screen.ts';
import { VIEWS } from '../../support/report/views.ts';

const run = (results: readonly HostResult[]): FinishedRun => {
  return { command: 'check', version: '0.1.0', views: VIEWS, dryRun: false, began: 0, seconds: 1, exit: 0, results };
};
const shown = { name: 'mx1', domain: 'mx1', facts, plan };
const drift = { files: [], leftovers: [] };
const well = result({ kind: 'checked', drift }, { plan: EMPTY, findings: [pass, hint] });
const drifted = result({ kind: 'drifted', drift }, { host: 'mx2', plan, exit: 2 });
const failed: Ending = { kind: 'failed', code: 'VERIFY_FAILED', message: 'a check fails', hint: 'Look.', exit: 5 };

describe('cli: progress', () => {
  const told = async (tty: boolean, options: Partial<TerminalOptions>): Promise<string> => {
    const { process, err } = screen(tty, { CI: '1' });
    await terminal(process, options).progress.each([{ name: 'mx1' }], 1, async (_, say) => {
      say('gather');
      return 'done';
    });
    return err();
  };

  it('without a terminal nothing is printed, unless --progress or --verbose asks for it', async () => {
    assert.equal(await told(false, {}), '');
    assert.equal(await told(false, { lines: true }), 'mx1: gather\n');
    assert.equal(await told(false, { verbose: true }), 'mx1: gather\n');
  });

  it('in a terminal it is printed, unless --no-progress or --quiet is given', async () => {
    assert.equal(await told(true, {}), 'mx1: gather\n');
    assert.equal(await told(true, { lines: false }), '');
    assert.equal(await told(true, { lines: true, quiet: true }), '');
  });
});

describe('cli: --list-hosts', () => {
  const hosts = [
    { name: 'mx1.example.org', hostname: 'mx1.example.org' },
    { name: 'mx2', hostname: '192.0.2.2', user: 'ops', port: 2222, groups: ['relays', 'lab'] },
    { name: 'here', hostname: 'here', local: true },
  ] as const;

  it('each host has a line with its name, the way to it and its groups', () => {
    assert.equal(
      listHosts(hosts),
      'mx1.example.org\nmx2              ops@192.0.2.2:2222  (relays, lab)\nhere             this machine\n',
    );
  });

  it('with --json it is a document', () => {
    const { hosts: told } = JSON.parse(listHosts(hosts, true)) as { hosts: unknown[] };
    assert.deepEqual(told[1], hosts[1]);
  });
});

describe('cli: --quiet', () => {
  const told = async (results: readonly HostResult[], options: Partial<TerminalOptions> = {}): Promise<string> => {
    const { process, out } = screen();
    await terminal(process, { quiet: true, ...options }).finish(run(results));
    return out();
  };

  it('healthy hosts print nothing, however many', async () => {
    assert.equal(await told([well]), '');
    assert.equal(await told([well, { ...well, host: 'mx2' }]), '');
  });

  it('the total counts hosts that were changed', async () => {
    const changed = result({ kind: 'changed' }, { host: 'mx2', plan });
    assert.equal(await told([well, changed]), '2 hosts: 1 ok, 1 changed\n');
  });

  it('a drifted or failed host is printed with its cause, and the total follows', async () => {
    const broken = result(failed, { host: 'mx3', findings: [pass, hint, fail] });
    assert.deepEqual((await told([well, drifted, broken])).trimEnd().split('\n'), [
      'mx2  drift: 1 certificate, 4 files, 36 settings; reload dovecot, postfix; `harden-mail apply` fixes it. Nothing was written.',
      '  ✖ 143 logindisabled        a plain login is taken',
      'mx3  failed: a check fails',
      '  → Look.',
      '3 hosts: 1 ok, 1 drifted, 1 failed',
    ]);
  });

  it('a warning is printed', async () => {
    const soon = result({ kind: 'verified' }, { findings: [pass, warn] });
    assert.equal(await told([soon]), '  ! 993 expiry               expires in 9 days\nmx1  ok: 1 check passed\n');
  });

  it('a run on one host prints one line and no total', async () => {
    assert.match(await told([result({ kind: 'changed' }, { plan })]), /^mx1 {2}changed: .*\n$/);
    assert.match(await told([result({ kind: 'pending' }, { plan })]), /^mx1 {2}Plan: .* Nothing was written\.\n$/);
  });

  it('--json prints the whole document with --quiet too', async () => {
    const printed = await told([well], { json: true });
    assertDocument(printed);
    assert.match(printed, /"host": "mx1"/);
  });

  it('no plan and no step is printed when no question is asked', async () => {
    for (const [tty, flags] of [
      [false, {}],
      [true, { unattended: true }],
    ] as const) {
      const { process, out, err } = screen(tty);
      const quiet = terminal(process, { quiet: true, ...flags });
      await quiet.show([shown]);
      await quiet.progress.each([{ name: 'mx1' }], 1, async (_, say) => {
        say('connect');
        return 'done';
      });
      assert.equal(out() + err(), '');
    }
  });

  it('the plan is printed before the question whether to apply it', async () => {
    const { process, out } = screen(true);
    await terminal(process, { quiet: true, color: 'never' }).show([shown]);
    assert.match(out(), /^mx1 {2}Debian[^]*\n--- \/etc\/dovecot/m);
  });

  for (const other of ['--verbose', '--debug']) {
    it(`--quiet together with ${other} is refused`, () => {
      const { code, out, err } = command(['check', '--host', 'x', '--quiet', other]);
      assert.deepEqual([code, out], [3, '']);
      assert.match(err, /^harden-mail: --quiet contradicts --verbose and --debug\n {2}→ /);
    });
  }
});

describe('cli: --list-tasks', () => {
  it('--list-tasks with --json prints a JSON document and nothing else', () => {
    const { code, out, err } = command(['apply', '--list-tasks', '--json', '--tags', 'sasl']);
    assert.deepEqual([code, err], [0, '']);
    const { version, tasks } = JSON.parse(out) as { version: number; tasks: { name: string }[] };
    assert.deepEqual([version, tasks.map(({ name }) => name)], [1, ['sasl']]);
  });
});

describe('cli: --verbose and --debug', () => {
  const ran = { host: 'mx1\u001b', name: 'gather', seconds: 0.3149, sent: 4100, received: 92, code: 0 };
  const line = 'mx1\\u{1b}: ran gather: 0.31 s, 4.1 kB sent, 92 B received';

  for (const [flags, expected] of [
    [{}, ''],
    [{ verbose: true }, `${line}\n`],
    [{ debug: true }, `${line}\ndebug: step \\u{9b}\n`],
  ] as const) {
    it(`with ${Object.keys(flags).join() || 'neither'}, a command and a debug message print this many lines: ${expected.split('\n').length - 1}`, () => {
      const { process, out, err } = screen(true);
      const { command: tell, debug } = terminal(process, flags);
      tell(ran);
      debug('step \u009b');
      assert.equal(err(), expected);
      assert.equal(out(), '');
    });
  }

  it('a failed command is printed with its exit status, and a command without an answer is printed as such', () => {
    const { process, err } = screen();
    const { command: tell } = terminal(process, { verbose: true });
    tell({ ...ran, host: 'mx1', code: 1, received: 2_345_678 });
    tell({ ...ran, host: 'mx1', code: null, received: 0 });
    assert.deepEqual(err().trimEnd().split('\n'), [
      'mx1: ran gather: 0.31 s, 4.1 kB sent, 2.3 MB received, exit status 1',
      'mx1: ran gather: 0.31 s, 4.1 kB sent, 0 B received, no answer',
    ]);
  });
});

describe('cli: colours', () => {
  for (const [tty, flags, env, coloured] of [
    [true, {}, {}, true],
    [false, {}, {}, false],
    [true, {}, { TERM: 'dumb' }, false],
    [true, {}, { NO_COLOR: '1' }, false],
    [true, {}, { NO_COLOR: '' }, true],
    [false, {}, { FORCE_COLOR: '1' }, true],
    [true, {}, { FORCE_COLOR: '0' }, false],
    [false, {}, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [false, { color: 'always' }, { NO_COLOR: '1' }, true],
    [true, { color: 'never' }, { FORCE_COLOR: '1' }, false],
  ] as const) {
    it(`output to ${tty ? 'a terminal' : 'a pipe'} has ${coloured ? 'colours' : 'no colours'} with ${JSON.stringify({ ...flags, ...env })}`, async () => {
      const { process, out } = screen(tty, env);
      await terminal(process, flags).finish(run([well]));
      assert.equal(out().includes('\u001b['), coloured);
      assert.match(out().replace(/\u001b\[\d+m/g, ''), /^mx1 {2}ok: as it should be, 1 check passed$/m);
    });
  }
});

describe('cli: --detailed-exitcode', () => {
  const pending = result({ kind: 'pending' }, { host: 'mx2', plan });

  it('each host with pending changes gets exit code 2, and no other host gets it', () => {
    const flags: Flags = { 'detailed-exitcode': true };
    assert.deepEqual(
      [pending, well, drifted].map((one) => detailed(one, flags).exit),
      [2, 0, 2],
    );
    assert.equal(detailed(pending, {}).exit, 0);
  });

  it('a host with pending changes is not counted as failed in the total', async () => {
    const { process, out } = screen();
    await terminal(process, {}).finish(run([well, detailed(pending, { 'detailed-exitcode': true })]));
    assert.match(out(), /^2 hosts: 1 ok, 1 to be changed$/m);
  });
});

describe('cli: --json', () => {
  it('a run that starts no host still prints a document, and prints its reason on standard error too', () => {
    const { code, out, err } = command(['apply', '--json', '--dry-run']);
    assert.equal(code, 3);
    assertDocument(out);
    const { exit, dryRun, error, hosts } = JSON.parse(out) as Record<string, unknown>;
    assert.deepEqual({ exit, dryRun, hosts }, { exit: 3, dryRun: true, hosts: [] });
    assert.match(JSON.stringify(error), /"USAGE".*no host is given/);
    assert.match(err, /^harden-mail: no host is given/);
  });
});
