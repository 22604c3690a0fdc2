import { LISTS, type CheckStep, type Decided, type Program, type Step } from './program.ts';

/** What checks answer: `dunno` goes on with the next step of the list. */
export type Answer = 'permit' | 'refuse' | 'dunno';
export type Answers = ReadonlyMap<string, Answer>;

export interface Ended {
  readonly end: 'accept' | 'refuse';
  /** What decided. */
  readonly by: string;
  /** The checks that were asked, in order. */
  readonly asked: readonly string[];
}

/** `ask`: the answer of this check is needed to go on. */
export type Run = Ended | { readonly end: 'ask'; readonly check: CheckStep };

/**
 * Runs the lists with these answers. A list that permits ends, and the next one begins; a list that refuses ends all.
 * Accepted is what no list refuses.
 */
export function run(program: Program, answers: Answers): Run {
  const asked: string[] = [];
  let by = 'no restriction decides';
  const late: Decided[] = [];
  for (const stage of program) {
    if (late[0] && AFTER_RECIPIENT.has(stage.list)) break;
    const found = runList(stage.steps, answers, asked, late);
    if (found?.kind === 'check') return { end: 'ask', check: found };
    if (found?.kind === 'refuse') return { end: 'refuse', by: found.by, asked };
    if (found?.kind === 'permit') by = found.by;
  }
  return late[0] ? { end: 'refuse', by: late[0].by, asked } : { end: 'accept', by, asked };
}

/** The lists of a recipient that is accepted. */
const AFTER_RECIPIENT: ReadonlySet<string> = new Set([LISTS.data, LISTS.endOfData]);

/** The step that decides, or the check that must be asked first; null where the list says nothing. */
function runList(
  steps: readonly Step[],
  answers: Answers,
  asked: string[],
  late: Decided[],
): Decided | CheckStep | null {
  for (const step of steps) {
    if (step.kind === 'refuse' && step.late) late.push(step);
    else if (step.kind === 'permit' || step.kind === 'refuse') return step;
    else if (step.kind === 'list') {
      const found = runList(step.steps, answers, asked, late);
      if (found) return found;
    } else if (step.kind === 'check') {
      const answer = answers.get(step.id);
      if (answer === undefined) return step;
      if (!asked.includes(step.id)) asked.push(step.id);
      if (answer === 'permit' && step.permits) return { kind: 'permit', by: step.id };
      if (answer === 'refuse' && step.refuses) return { kind: 'refuse', by: step.id };
    }
  }
  return null;
}

/** The answers of checks that lead to what is looked for. */
export interface Witness {
  readonly answers: Answers;
  /** How the first program ends, and the second. */
  readonly one: Ended;
  readonly other: Ended;
}

/** More branches than this are not followed; no real configuration comes near. */
const MOST = 20_000;

/**
 * Answers for which `one` accepts and `other` refuses; null where there are none: whoever `one` accepts, `other` accepts too.
 * @returns `unknown` where there are more combinations than are followed
 */
export function acceptsMore(one: Program, other: Program): Witness | null | 'unknown' {
  let left = MOST;
  return search(new Map());

  function search(answers: Answers): Witness | null | 'unknown' {
    if (left-- <= 0) return 'unknown';
    const first = run(one, answers);
    if (first.end === 'refuse') return null;
    if (first.end === 'ask') return branch(answers, first.check, ['dunno', 'permit']); // a refusal cannot lead to accept
    const second = run(other, answers);
    if (second.end === 'ask') return branch(answers, second.check, ['refuse', 'dunno', 'permit']);
    return second.end === 'refuse' ? { answers, one: first, other: second } : null;
  }

  function branch(answers: Answers, check: CheckStep, of: readonly Answer[]): Witness | null | 'unknown' {
    for (const answer of of) {
      if ((answer === 'permit' && !check.permits) || (answer === 'refuse' && !check.refuses)) continue;
      const found = search(new Map(answers).set(check.id, answer));
      if (found !== null) return found;
    }
    return null;
  }
}

/** How a program ends where no check has anything to say. */
export function byDefault(program: Program): Ended {
  const answers = new Map<string, Answer>();
  for (;;) {
    const end = run(program, answers);
    if (end.end !== 'ask') return end;
    answers.set(end.check.id, 'dunno');
  }
}

/** A program that refuses everything. */
export const REFUSES: Program = [{ list: '', steps: [{ kind: 'refuse', by: 'nothing is offered there' }] }];
