import { LISTS } from './restriction-lists.ts';
import type { CheckStep, Decided, Program, ProgramStep } from './program.ts';

/** The answer of a check; `dunno` continues with the next step of the list. */
export type CheckAnswer = 'permit' | 'refuse' | 'dunno';
export type Answers = ReadonlyMap<string, CheckAnswer>;

export interface ProgramEnd {
  readonly end: 'accept' | 'refuse';
  /** The restriction that decided. */
  readonly by: string;
  /** The checks that ran, in order. */
  readonly asked: readonly string[];
}

/** `ask`: the run needs the answer of this check to continue. */
export type ProgramRun = ProgramEnd | { readonly end: 'ask'; readonly check: CheckStep };

/** The answer of a check that has no given answer. */
type Otherwise = (check: CheckStep) => CheckAnswer | undefined;

/**
 * Runs the lists with these answers. A permit ends its list, and the next list begins; a refusal ends the run. Mail is accepted
 * if no list refuses it.
 */
export function run(program: Program, answers: Answers, otherwise: Otherwise = () => undefined): ProgramRun {
  const asked = new Set<string>();
  let by = 'no restriction decides';
  const late: Decided[] = [];
  for (const stage of program) {
    if (late[0] && AFTER_RECIPIENT.has(stage.list)) break;
    const found = runList(stage.steps, (check) => answers.get(check.id) ?? otherwise(check), asked, late);
    if (found?.kind === 'check') return { end: 'ask', check: found };
    if (found?.kind === 'refuse') return { end: 'refuse', by: found.by, asked: [...asked] };
    if (found?.kind === 'permit') by = found.by;
  }
  return late[0] ? { end: 'refuse', by: late[0].by, asked: [...asked] } : { end: 'accept', by, asked: [...asked] };
}

/** The lists that run after the recipient is accepted. */
const AFTER_RECIPIENT: ReadonlySet<string> = new Set([LISTS.data, LISTS.endOfData]);

/** The step that decides, or the check whose answer is needed first; null if the list does not decide. */
function runList(
  steps: readonly ProgramStep[],
  answerOf: Otherwise,
  asked: Set<string>,
  late: Decided[],
): Decided | CheckStep | null {
  for (const step of steps) {
    if (step.kind === 'refuse' && step.late) late.push(step);
    else if (step.kind === 'permit' || step.kind === 'refuse') return step;
    else if (step.kind === 'list') {
      const found = runList(step.steps, answerOf, asked, late);
      if (found) return found;
    } else if (step.kind === 'check') {
      const answer = answerOf(step);
      if (answer === undefined) return step;
      asked.add(step.id);
      if (answer === 'permit' && step.permits) return { kind: 'permit', by: step.id };
      if (answer === 'refuse' && step.refuses) return { kind: 'refuse', by: step.id };
    }
  }
  return null;
}

/** Answers of checks that lead to the wanted result. */
export interface Witness {
  readonly answers: Answers;
  /** The end of the first and of the second program. */
  readonly one: ProgramEnd;
  readonly other: ProgramEnd;
}

/**
 * Answers for which `one` accepts and `other` refuses; null if there are none, so that `other` accepts every client that `one`
 * accepts. Exact, and linear in the number of places where `other` can refuse: each place needs certain answers (nothing before
 * it in its list decides, and it refuses), and with the most favourable answers of all other checks, `one` either accepts or not.
 */
export function acceptsMore(one: Program, other: Program): Witness | null {
  const key = keyOf(one);
  const otherKey = keyOf(other);
  if (key === otherKey) return null;
  const pair = `${key}\0${otherKey}`;
  const before = known.get(pair);
  if (before !== undefined) return before;
  const found = search(one, other);
  if (known.size > 500) known.clear();
  known.set(pair, found);
  return found;
}

/** A cache: the same pairs occur at every change of a plan, and for most classes of client. */
const known = new Map<string, Witness | null>();
const keys = new WeakMap<Program, string>();

function keyOf(program: Program): string {
  const before = keys.get(program);
  if (before !== undefined) return before;
  const key = JSON.stringify(program);
  keys.set(program, key);
  return key;
}

function search(one: Program, other: Program): Witness | null {
  for (const { answers, by } of refusals(other)) {
    for (const favourable of [() => 'dunno', ({ permits }) => (permits ? 'permit' : 'dunno')] satisfies Otherwise[]) {
      const all = new Map(answers);
      const end = run(one, answers, (check) => {
        const answer = favourable(check);
        all.set(check.id, answer);
        return answer;
      });
      if (end.end === 'accept') return { answers: all, one: end, other: { end: 'refuse', by, asked: [...answers.keys()] } }; // oxfmt-ignore
    }
  }
  return null;
}

interface Refusal {
  readonly answers: Answers;
  readonly by: string;
}

/** Every place where a program can refuse, with the answers that lead there. */
function refusals(program: Program): Refusal[] {
  const found: Refusal[] = [];
  for (const { steps } of program) collect(steps, new Map(), found);
  return found;
}

/** @returns whether the list always ends here */
function collect(steps: readonly ProgramStep[], before: Map<string, CheckAnswer>, found: Refusal[]): boolean {
  for (const step of steps) {
    if (step.kind === 'permit') return true;
    if (step.kind === 'refuse') {
      found.push({ answers: new Map(before), by: step.by });
      if (!step.late) return true;
    } else if (step.kind === 'list') {
      if (collect(step.steps, before, found)) return true;
    } else if (step.kind === 'check' && !before.has(step.id)) {
      if (step.refuses) found.push({ answers: new Map(before).set(step.id, 'refuse'), by: step.id });
      before.set(step.id, 'dunno');
    }
  }
  return false;
}

/** The end of a program whose checks all answer `dunno`. */
export function byDefault(program: Program): ProgramEnd {
  const end = run(program, NOTHING, () => 'dunno');
  if (end.end === 'ask') throw new Error('a check without an answer');
  return end;
}

const NOTHING: Answers = new Map();

/** A program that refuses everything. */
export const REFUSES: Program = [{ list: '', steps: [{ kind: 'refuse', by: 'nothing is offered there' }] }];
