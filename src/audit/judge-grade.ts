/** The grade of an audited host (docs/audit.md). Pure. */
import type { Finding, Grade, GradeStep, Severity } from '../model/index.ts';

type Letter = Grade['grade'];

/** Each grade with its condition, for docs/audit.md. */
export const GRADE_RULES: readonly { readonly grade: Letter; readonly when: string }[] = [
  {
    grade: 'A+',
    when: 'as A, and DNS binds the certificate: a TLSA record matches it (`tlsa`), and a CAA record names its authority (`caa`)',
  },
  { grade: 'A', when: 'no finding of severity low, medium or high' },
  { grade: 'B', when: 'findings of severity low, none worse' },
  { grade: 'C', when: 'findings of severity medium in one check, none worse' },
  { grade: 'D', when: 'findings of severity medium in several checks, none worse' },
  { grade: 'F', when: 'a finding of severity high' },
];

/** The checks that A+ needs beyond A. */
const BONUS = ['tlsa', 'caa'];

/** The worst finding decides: strength elsewhere does not make up for it. */
export function gradeOf(findings: readonly Finding[]): Grade {
  const cap = capOf(findings);
  const grade = letterOf(findings);
  if (cap === 'ok' || cap === 'info') {
    if (grade === 'A+') return { grade, cap: 'ok', next: null, steps: [] };
    const checks = BONUS.filter((check) => !passes(findings, check));
    return { grade, cap: 'ok', next: 'A+', steps: [{ profile: null, checks }] };
  }
  const isWorst = (one: Finding): boolean => severityOf(one) === cap;
  return {
    grade,
    cap,
    next: letterOf(findings.filter((one) => !isWorst(one))),
    steps: stepsOf(findings.filter(isWorst)),
  };
}

/** A failure without a weight counts as medium. */
function severityOf({ status, weight }: Finding): Severity {
  return weight?.severity ?? ({ pass: 'ok', hint: 'info', warn: 'low', fail: 'medium' } as const)[status];
}

function capOf(findings: readonly Finding[]): Severity {
  const found = new Set(findings.map(severityOf));
  return (['high', 'medium', 'low', 'info'] as const).find((one) => found.has(one)) ?? 'ok';
}

function letterOf(findings: readonly Finding[]): Letter {
  const cap = capOf(findings);
  if (cap === 'high') return 'F';
  if (cap === 'low') return 'B';
  if (cap === 'medium') {
    const checks = new Set(findings.filter((one) => severityOf(one) === 'medium').map(({ check }) => check));
    return checks.size === 1 ? 'C' : 'D';
  }
  return BONUS.every((check) => passes(findings, check)) ? 'A+' : 'A';
}

function passes(findings: readonly Finding[], wanted: string): boolean {
  const about = findings.filter(({ check }) => check === wanted);
  return about.length > 0 && about.every(({ status }) => status === 'pass');
}

/** The checks by what fixes them; a profile first. */
function stepsOf(findings: readonly Finding[]): GradeStep[] {
  return (['standard', 'strict', null] as const).flatMap((profile) => {
    const fixed = findings.filter(({ weight }) => (weight?.profile ?? null) === profile);
    const checks = [...new Set(fixed.map(({ check }) => check))];
    return checks.length > 0 ? [{ profile, checks }] : [];
  });
}
