/**
 * The answer of a spare machine: a line for each step, an empty line each second, and a line with the result. It comes from another
 * machine, so each line is checked.
 */
import { CODES, HardenMailError, type ErrorCode } from '../../model/errors.ts';
import { ACT_NAMES, type Rehearsal } from '../../model/index.ts';
import { failure } from '../endings.ts';

export const STEPS: readonly string[] = ['copy', ...ACT_NAMES];

export const stepLine = (step: string): string => `step ${step}\n`;
export const ALIVE = '\n';

export function resultLine(rehearsal: Rehearsal): string {
  return `rehearsal ${JSON.stringify(rehearsal)}\n`;
}

export function failureLine(error: unknown): string {
  const { code, message, hint } = failure(error);
  return `failure ${JSON.stringify({ code, message, hint })}\n`;
}

/** Reads the steps in the output as it comes. A line that is longer than any step is no step. */
export function stepReader(say: (step: string) => void): (chunk: Buffer) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = (lines.pop() ?? '').slice(0, LONGEST_STEP);
    for (const line of lines) if (line.startsWith('step ') && STEPS.includes(line.slice(5))) say(line.slice(5));
  };
}

const LONGEST_STEP = 100;
const LONGEST_TEXT = 2000;

/**
 * The rehearsal in the whole output.
 * @param expected of the job
 * @throws the failure that the spare machine reports; REMOTE_FAILED if the answer is not one
 */
export async function rehearsalIn(
  output: Buffer,
  name: string,
  expected: Pick<Rehearsal, 'release'> & { readonly upgradeTo: string | undefined },
): Promise<Rehearsal> {
  const lines = output.toString('utf8').split('\n');
  const after = (word: string): unknown =>
    parsed(lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1));
  const failed = failureIn(after('failure'));
  if (failed) throw asError(failed, name);
  const { readRehearsal } = await import('../../report/read-rehearsal.ts');
  const rehearsal = readRehearsal(after('rehearsal'));
  const { release, upgradeTo } = expected;
  if (rehearsal?.release === release && rehearsal.upgradeTo === upgradeTo && rehearsal.kept === undefined)
    return { ...rehearsal, on: name };
  throw new HardenMailError(
    'REMOTE_FAILED',
    `${name} gave no result of the rehearsal that can be read`,
    `Nothing was written on the host. Run the rehearsal again, or on ${name} itself.`,
  );
}

function asError({ code, message, hint }: Failure, name: string): Error {
  return code === null ? new Error(`on ${name}: ${message}`) : new HardenMailError(code, `${name}: ${message}`, hint);
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

interface Failure {
  /** Null: a bug. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly hint: string;
}

function failureIn(value: unknown): Failure | null {
  if (typeof value !== 'object' || value === null) return null;
  const { code, message, hint } = value as Readonly<Record<string, unknown>>;
  const text = (given: unknown): string => String(given).slice(0, LONGEST_TEXT);
  const known = typeof code === 'string' && Object.hasOwn(CODES, code) ? (code as ErrorCode) : null;
  return { code: known, message: text(message), hint: text(hint) };
}
