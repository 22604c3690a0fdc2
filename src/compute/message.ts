/** What passes between the main thread and a worker: plain values, because a structured clone loses the class of an error. */
import { TornError } from '../gather/parse-snapshot.ts';
import { HardenMailError, type ErrorCode } from '../model/errors.ts';
import type { JobArguments, JobName, JobResult } from './jobs.ts';
import type { Replaceable } from '../model/index.ts';

export interface JobRequest<N extends JobName = JobName> {
  readonly job: N;
  readonly args: JobArguments<N>;
}

export type JobAnswer<N extends JobName = JobName> = { readonly result: JobResult<N> } | { readonly error: PlainError };

type PlainError =
  | {
      readonly kind: 'known';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string;
      readonly excerpt: string | undefined;
      readonly consent: Replaceable | undefined;
    }
  | { readonly kind: 'torn'; readonly what: string }
  | { readonly kind: 'bug'; readonly stack: string };

export function plainError(error: unknown): PlainError {
  if (!(error instanceof HardenMailError)) {
    return { kind: 'bug', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  if (error instanceof TornError) return { kind: 'torn', what: error.what };
  const { code, message, hint, excerpt, consent } = error;
  return { kind: 'known', code, message, hint, excerpt, consent };
}

export function errorFrom(plain: PlainError): Error {
  if (plain.kind === 'bug') return Object.assign(new Error('in a worker'), { stack: plain.stack });
  if (plain.kind === 'torn') return new TornError(plain.what);
  const { code, message, hint, excerpt, consent } = plain;
  return new HardenMailError(code, message, hint, {
    ...(excerpt !== undefined && { excerpt }),
    ...(consent !== undefined && { consent }),
  });
}
