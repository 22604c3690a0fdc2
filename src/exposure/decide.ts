import { LISTS, type CheckStep, type Decided, type Program, type ProgramStep } from './program.ts';

/** What checks answer: `dunno` goes on with the next step of the list. */
export type CheckAnswer = 'permit' | 'refuse' | 'dunno';
export type Answers = ReadonlyMap<string, CheckAnswer>;

export interface ProgramEnd {
  readonly end: 'accept' | 'refuse';
  /** What decided. */
  readonly by: string;
  /** The checks that were asked, in order. */
  readonly asked: readonly string[];
}

/** `ask`: the answer of this check is needed to go on. */
export type ProgramRun = ProgramEnd | { readonly end: 'ask'; readonly check: CheckStep };

/** What a check answers that no answer is given for. */
type Otherwise = (check: CheckStep) => CheckAnswer | undefined;

/**
 * Runs the lists with these answers. A list that permits ends, and the next one begins; a list that refuses ends all.
 * Accepted is what no list refuses.
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

/** The lists of a recipient that is accepted. */
const AFTER_RECIPIENT: ReadonlySet<string> = new Set([LISTS.data, LISTS.endOfData]);

/** The step that decides, or the check that must be asked first; null where the list says nothing. */
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

/** The answers of checks that lead to what is looked for. */
export interface Witness {
  readonly answers: Answers;
  /** How the first program ends, and the second. */
  readonly one: ProgramEnd;
  readonly other: ProgramEnd;
}

/**
 * Answers for which `one` accepts and `other` refuses; null where there are none: `other` accepts every client that `one` accepts.
 * Exact, and linear in the places where `other` can refuse: each of them needs certain answers (nothing before it in its list
 * decides, and it refuses itself), and with the other checks as favourable as they can be, `one` accepts or it does not.
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

/** The same pairs come again with every change of a plan, and with most classes of client. */
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

/** @returns whether the list surely ends here */
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

/** How a program ends where no check has anything to say. */
export function byDefault(program: Program): ProgramEnd {
  const end = run(program, NOTHING, () => 'dunno');
  if (end.end === 'ask') throw new Error('a check without an answer');
  return end;
}

const NOTHING: Answers = new Map();

/** A program that refuses everything. */
export const REFUSES: Program = [{ list: '', steps: [{ kind: 'refuse', by: 'nothing is offered there' }] }];
