/** `check --format`, by the rules of the monitoring systems. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { Ending, HostResult } from '../../../src/model/index.ts';
import { nagiosExit, nagiosState, nagiosText } from '../../../src/report/nagios.ts';
import { prometheusText } from '../../../src/report/prometheus.ts';
import { EMPTY, pass, plan, result } from '../../support/report/results.ts';

const drift = { files: [], leftovers: [] };
const failed = (code: string, exit: number, message = 'no | answer\nat all'): Ending & { kind: 'failed' } => ({
  kind: 'failed', code, message, hint: 'Look.', exit,
}); // oxfmt-ignore
const well = result({ kind: 'checked', drift }, { plan: EMPTY, findings: [pass] });
const drifted = result({ kind: 'drifted', drift }, { host: 'mx2', plan, exit: 2 });
const bad = result(failed('VERIFY_FAILED', 5), { host: 'mx3', exit: 5, plan: EMPTY, findings: [pass] });
const away = result(failed('CONNECTION_TIMEOUT', 4), { host: 'mx"4\\', exit: 4 });

const there = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

describe('report: nagios', () => {
  /** The plugin guidelines: one line of text, a bar, and 'label'=value[UOM];[warn];[crit];[min];[max] separated by spaces. */
  const FIRST = /^HARDEN_MAIL (OK|WARNING|CRITICAL|UNKNOWN): [^|\n]+ \| (\S+)( \S+)*$/;
  const DATUM = /^('[^'=]+'|[^'= ]+)=-?[\d.]+(us|ms|s|%|[KMG]?B|c)?(;[\d.:@~]*){0,4}$/;

  for (const [name, results, failure, exit] of [
    ['a host as it should be is OK', [well], undefined, 0],
    ['a host that has drifted is a WARNING', [drifted], undefined, 1],
    ['a host with a failed check is CRITICAL', [bad], undefined, 2],
    ['a host that cannot be reached is UNKNOWN', [away], undefined, 3],
    ['a failed check counts more than a host that cannot be reached', [well, drifted, bad, away], undefined, 2],
    ['a host that cannot be reached counts more than drift', [well, drifted, away], undefined, 3],
    ['a run without hosts is UNKNOWN', [], failed('USAGE', 3), 3],
  ] as const)
    it(`${name}, and its output has the form of a plugin's`, () => {
      const state = nagiosState(results, failure);
      assert.equal(nagiosExit(state), exit);
      const [first = '', ...rest] = nagiosText(results, 1.5, failure).split('\n');
      assert.match(first, FIRST);
      assert.ok(first.startsWith(`HARDEN_MAIL ${state}: `));
      for (const datum of (first.split(' | ')[1] ?? '').split(' ')) assert.match(datum, DATUM);
      assert.ok(rest.every((line) => !line.includes('|')));
      const told = results.length > 1 ? results.filter((one: HostResult) => one.exit !== 0).length : 0;
      assert.equal(rest.filter(Boolean).length, told);
    });

  it('the first line has the ending of a single host', () => {
    assert.equal(
      nagiosText([well], 2),
      'HARDEN_MAIL OK: mx1: as it should be, 1 check passed | hosts=1;;;0 drifted=0;0;;0;1 failed=0;;0;0;1 unknown=0;;;0;1 checks=1;;;0 time=2.000s;;;0\n',
    );
    assert.match(nagiosText([bad], 2), /^HARDEN_MAIL CRITICAL: mx3: no \/ answer .*at all \| /);
  });

  it('the program negate of monitoring-plugins takes it for a plugin', function () {
    const negate = '/usr/lib/nagios/plugins/negate';
    if (!there(negate)) this.skip();
    const line = nagiosText([drifted], 1).trim();
    const args = ['-s', '-w', 'OK', '/bin/sh', '-c', `printf '%s\n' "$1"; exit 1`, 'sh', line];
    const { status, stdout } = spawnSync(negate, args, { encoding: 'utf8' });
    assert.equal(status, 0);
    assert.match(stdout, /^HARDEN_MAIL OK: mx2: drift: /);
  });
});

describe('report: prometheus', () => {
  const text = prometheusText([well, drifted, bad, away], '0.1.0', 1796033000.5);

  it('a host has its state, and its differences where it could be read', () => {
    const lines = text.split('\n');
    for (const line of [
      'harden_mail_info{version="0.1.0"} 1',
      'harden_mail_host_drifted{host="mx1"} 0',
      'harden_mail_host_drifted{host="mx2"} 1',
      'harden_mail_host_checked{host="mx3"} 0',
      'harden_mail_host_reachable{host="mx3"} 1',
      'harden_mail_host_reachable{host="mx\\"4\\\\"} 0',
      'harden_mail_host_findings{host="mx1",status="pass"} 1',
    ])
      assert.ok(lines.includes(line), `${line} in\n${text}`);
    assert.doesNotMatch(text, /drifted\{host="mx3"\}/);
  });

  it('promtool accepts the metrics', function () {
    if (!there('promtool')) this.skip();
    for (const metrics of [text, prometheusText([], '0.1.0', 1)]) {
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input: metrics,
        encoding: 'utf8',
      });
      assert.deepEqual([status, stdout, stderr], [0, '', '']);
    }
  });
});
