import assert from 'node:assert/strict';
import { recapTable } from '../../../src/report/table.ts';
import { fail, HOSTILE, pass, plan, result, warn } from '../../support/report/results.ts';
import { VIEWS } from '../../support/report/views.ts';

describe('report: the table of several hosts', () => {
  const ok = result({ kind: 'unchanged' }, { host: 'mx1.example.test', findings: [pass, pass, warn], seconds: 1.04 });
  const broken = result(
    { kind: 'failed', code: 'UNREACHABLE', exit: 4, message: 'gone', hint: 'look' },
    { host: 'b', findings: [fail], seconds: 15 },
  );

  it('the table has a row for each host, in columns', () => {
    const pending = result({ kind: 'pending' }, { host: 'c', plan });
    const [settings, files] = [plan.settings.length, plan.changes.length].map(String) as [string, string];
    assert.deepEqual(recapTable([ok, broken, pending], VIEWS), [
      'host              outcome        settings  files  passed  warned  failed  seconds',
      'mx1.example.test  ok                    0      0       2       1       0      1.0',
      'b                 failed                -      -       0       0       1     15.0',
      `c                 to be changed  ${settings.padStart(8)}  ${files.padStart(5)}       0       0       0      1.2`,
    ]);
  });

  it('one host has no table', () => assert.deepEqual(recapTable([ok], VIEWS), []));

  it('a host name in the table is escaped', () => {
    assert.ok(
      !recapTable([ok, { ...broken, host: HOSTILE }], VIEWS)
        .join('\n')
        .includes('\u001b'),
    );
  });
});
