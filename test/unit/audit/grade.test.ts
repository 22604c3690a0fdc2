import assert from 'node:assert/strict';
import { Chalk } from 'chalk';
import { gradeOf, GRADE_RULES } from '../../../src/audit/judge-grade.ts';
import { GRADES, type Finding, type HostResult, type Profile, type Severity } from '../../../src/model/index.ts';
import { findingsCsv } from '../../../src/report/csv.ts';
import { findingIds } from '../../../src/report/finding-ids.ts';
import { gradeLines } from '../../../src/report/grade-lines.ts';
import { HOSTILE, result } from '../../support/report/results.ts';

const STATUS = { ok: 'pass', info: 'hint', low: 'warn', medium: 'fail', high: 'fail' } as const;
const of = (
  severity: Severity,
  check = 'tls-suites',
  profile: Profile | null = 'strict',
  over: Partial<Finding> = {},
): Finding => ({
  port: 465,
  check,
  status: STATUS[severity],
  text: `a text, with "quotes"`,
  via: 'direct',
  weight: { severity, source: 'RFC 9325', profile, settings: ['a', 'b'] },
  ...over,
});
const bound = [of('ok', 'tlsa', null), of('ok', 'caa', null)];

describe('audit: the grade', () => {
  for (const [grade, findings] of [
    ['A+', [of('ok'), of('info'), ...bound]],
    ['A', [of('ok'), of('info')]],
    ['A', [of('ok'), bound[0]!, of('info', 'caa')]],
    ['B', [of('low'), of('low', 'vrfy'), ...bound]],
    ['C', [of('medium'), of('medium'), of('low', 'vrfy'), ...bound]],
    ['D', [of('medium'), of('medium', 'key-exchange'), ...bound]],
    ['F', [of('high'), ...bound]],
    ['F', [of('high', 'open-relay', null), of('medium')]],
  ] as const)
    it(`${findings.map(({ check, weight }) => `${check} ${weight?.severity}`).join(', ')}: the grade is ${grade}`, () => {
      assert.equal(gradeOf(findings).grade, grade);
    });

  it('a failure without a weight counts as medium', () => {
    const { weight: _, ...plain } = of('high');
    assert.equal(gradeOf([plain]).grade, 'C');
  });

  it('the next grade and its steps follow from the findings that cap the grade', () => {
    const findings = [
      of('high'),
      of('high', 'open-relay', null),
      of('high', 'plain-auth', 'standard'),
      of('low', 'vrfy'),
    ];
    assert.deepEqual(gradeOf(findings), {
      grade: 'F',
      cap: 'high',
      next: 'B',
      steps: [
        { profile: 'standard', checks: ['plain-auth'] },
        { profile: 'strict', checks: ['tls-suites'] },
        { profile: null, checks: ['open-relay'] },
      ],
    });
    assert.equal(gradeOf([of('low'), ...bound]).next, 'A+');
  });

  it('a worse finding never raises the grade', () => {
    const rank = (findings: Finding[]): number => GRADES.indexOf(gradeOf(findings).grade);
    const all = (['ok', 'info', 'low', 'medium', 'high'] as const).flatMap((severity) => [
      of(severity),
      of(severity, 'vrfy'),
    ]);
    for (const one of all)
      for (const other of all)
        for (const more of all) {
          if (more.check === 'tlsa') continue;
          assert.ok(rank([one, other, more]) >= rank([one, other]));
        }
  });

  it('every grade has a documented condition', () => {
    assert.deepEqual(
      GRADE_RULES.map(({ grade }) => grade),
      GRADES,
    );
  });

  it('the last lines have the grade, the reason, and what leads to the next one', () => {
    const plain = new Chalk({ level: 0 });
    assert.deepEqual(gradeLines('mx1', gradeOf([of('low'), of('low', 'vrfy')]), plain), [
      'mx1  grade B: findings of severity low cap it',
      '  → to A: apply --profile strict (tls-suites, vrfy)',
    ]);
    assert.deepEqual(gradeLines('mx1', gradeOf([of('ok')]), plain), [
      'mx1  grade A',
      '  → to A+: publish the records that `harden-mail dns` prints (tlsa, caa)',
    ]);
    assert.deepEqual(gradeLines('mx1', gradeOf(bound), plain), ['mx1  grade A+']);
    assert.doesNotMatch(gradeLines(HOSTILE, gradeOf(bound), plain).join(''), /[\u001b\u202e]/);
  });
});

describe('report: ids of findings', () => {
  it('an id has port, check, kind and name, and equal ones are numbered', () => {
    const findings = [of('low', 'tls-suites', null, { kind: 'cbc' }), of('ok', 'certificate-key'), of('ok', 'certificate-key'), of('ok', 'sni', null, { name: 'b.test' })]; // oxfmt-ignore
    assert.deepEqual(findingIds(findings), [
      '465/tls-suites/cbc',
      '465/certificate-key',
      '465/certificate-key/2',
      '465/sni/b.test',
    ]);
  });
});

describe('report: --csv', () => {
  const rows = (...results: HostResult[]): string[] => findingsCsv(results).split('\r\n');

  it('each finding is a row below the names of the columns, and quotes are doubled', () => {
    assert.deepEqual(rows(result({ kind: 'verified' }, { findings: [of('low')] })), [
      'host,id,port,check,status,severity,text,profile,settings,source,via',
      'mx1,465/tls-suites,465,tls-suites,warn,low,"a text, with ""quotes""",strict,a b,RFC 9325,direct',
      '',
    ]);
  });

  it('text of a host is escaped, and no cell begins like a formula', () => {
    for (const text of ['=cmd()', '+1', '-1', '@x']) {
      const [, row = ''] = rows(result({ kind: 'verified' }, { findings: [of('low', 'vrfy', null, { text })] }));
      assert.ok(row.includes(`,'${text},`), row);
    }
    const bad = findingsCsv([result({ kind: 'verified' }, { host: HOSTILE, findings: [of('low', 'vrfy', null, { text: `a\r\nb${HOSTILE}` })] })]); // oxfmt-ignore
    assert.doesNotMatch(bad, /[\u001b\u202e]/);
    assert.equal(bad.split('\r\n').length, 3);
  });
});
