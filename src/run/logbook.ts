/** The notes of `doctor`, step by step. */
import type { Diagnosis } from '../model/index.ts';
import { failure } from './endings.ts';

export interface Logbook {
  readonly diagnoses: readonly Diagnosis[];
  readonly done: (check: string, text: string) => void;
  readonly failed: (check: string, problem: Problem) => void;
  /** Notes a danger that does not prevent an apply. */
  readonly warned: (check: string, problem: Problem) => void;
  /**
   * Does the work and notes the result; null after a failure, so that the caller skips the steps that need it. A null `tell` notes no
   * success.
   */
  readonly look: <T>(
    check: string,
    work: () => T | Promise<T>,
    tell: ((found: T) => string) | null,
  ) => Promise<T | null>;
}

export interface Problem {
  readonly text: string;
  readonly hint: string;
  readonly exit?: number;
}

export function logbook(say: (step: string) => void): Logbook {
  const diagnoses: Diagnosis[] = [];
  let began = performance.now();
  const note = (check: string, found: Omit<Diagnosis, 'check' | 'seconds'>): void => {
    diagnoses.push({ check, ...found, seconds: (performance.now() - began) / 1000 });
    began = performance.now();
  };
  const done = (check: string, text: string): void => note(check, { status: 'ok', text, hint: '', exit: 0 });
  const failed = (check: string, problem: Problem): void => note(check, { status: 'fail', exit: 1, ...problem });
  const warned = (check: string, problem: Problem): void => note(check, { status: 'warn', ...problem, exit: 0 });
  const look: Logbook['look'] = async (check, work, tell) => {
    say(check);
    try {
      const found = await work();
      if (tell) done(check, tell(found));
      return found;
    } catch (error) {
      const { code, message: text, hint, exit } = failure(error);
      if (code === 'INTERRUPTED') throw error;
      failed(STEP_OF[code] ?? check, { text, hint, exit });
      return null;
    }
  };
  return { diagnoses, done, failed, warned, look };
}

/** The step that fails with this code, where that says more than the work in progress. */
const STEP_OF: Readonly<Record<string, string>> = {
  HOST_KEY_UNKNOWN: 'host key',
  HOST_KEY_CHANGED: 'host key',
  HOST_KEY_REVOKED: 'host key',
  AUTH_FAILED: 'login',
  KEY_UNUSABLE: 'login',
  CONFIG_INVALID: 'config',
};
