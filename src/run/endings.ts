/** How a host's run ended, in words. */
import { EXIT, HardenMailError, type ErrorCode } from '../model/errors.ts';
import { redact } from '../formats/redact.ts';
import type { Ending, Finding, Receipt } from '../model/index.ts';

/** A failure as an ending. Any error other than HardenMailError is reported as a bug in harden-mail. */
export function failure(error: unknown): Ending & { kind: 'failed' } {
  if (error instanceof HardenMailError) {
    const { code, message, hint, exit, excerpt } = error;
    // The message may quote a daemon, and the daemon a line of its configuration.
    const text = shortened(redact(message));
    return { kind: 'failed', code, message: text, hint, exit, ...(excerpt !== undefined && { excerpt }) };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    kind: 'failed',
    code: 'BUG',
    message: `a bug in harden-mail: ${text}`,
    hint: 'Please report it with this text.',
    exit: EXIT.failed,
  };
}

/** Characters of a message: a value of a host's file may be quoted in it, and may be of any length. */
const LONGEST_MESSAGE = 2000;

function shortened(text: string): string {
  return text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text;
}

/** The ending `well`, unless a check fails: then the failure is the ending. */
export function verdict(findings: readonly Finding[], well: Ending): Ending {
  const bad = findings.filter(({ status }) => status === 'fail');
  const [first] = bad;
  if (!first) return well;
  const done = well.kind === 'changed' ? 'the changes are live, but ' : '';
  const checks = bad.length === 1 ? 'a check fails' : `${bad.length} checks fail, the first`;
  const hint = done
    ? `${well.kind === 'changed' && well.receipt ? 'None of these checks passed before, so nothing was undone' : 'No configuration was written, so there is none to undo'}. \`harden-mail verify\` looks again.`
    : 'Nothing was written. `journalctl -u postfix@- -u dovecot` on the host may say why.';
  const ending = failure(new HardenMailError('VERIFY_FAILED', `${done}${checks}: ${sentence(first)}`, hint));
  return well.kind === 'changed' && well.receipt ? { ...ending, receipt: well.receipt } : ending;
}

export function sentence({ port, text }: Finding): string {
  return `${port}: ${text}`;
}

/** The ending of a transaction that was not committed. */
export function notCommitted(name: string, receipt: Receipt, apt?: Packages): Ending {
  const [code, message, hint] = wordsFor(name, receipt, apt);
  return { ...failure(new HardenMailError(code, message, hint)), receipt };
}

/** The changes that apt made before the transaction. */
interface Packages {
  readonly installed: readonly string[];
  readonly removed: readonly string[];
}

/** Restoring the files does not restore packages, so the message names them. */
function packagesThatStay({ installed, removed }: Packages = { installed: [], removed: [] }): string {
  const parts = [
    ...(installed.length > 0 ? [`${installed.join(', ')} installed`] : []),
    ...(removed.length > 0 ? [`${removed.join(', ')} removed`] : []),
  ];
  return parts.join(', ');
}

function wordsFor(name: string, { state, step, reason }: Receipt, apt?: Packages): [ErrorCode, string, string] {
  const again = 'Nothing was written. Run again';
  if (state === 'broken') {
    const human = 'A human is needed: docs/transaction.md, "By hand".';
    return ['ROLLBACK_INCOMPLETE', `${name} could not be put back whole: ${reason}`, human];
  }
  if (state === 'rolled-back') {
    const stay = packagesThatStay(apt);
    const put = stay
      ? `the files of ${name} were put back (at ${step}), its packages were not`
      : `${name} was put back as it was (at ${step})`;
    const hint = stay ? `The packages stay as they are now: ${stay}. ` : '';
    return ['ROLLED_BACK', `${put}: ${reason}`, `${hint}Fix the cause and run again.`];
  }
  if (step === 'lock')
    return ['LOCKED', `another harden-mail works on ${name}: ${reason}`, `${again} when it is done.`];
  if (step === 'compare')
    return ['CHANGED_SINCE_READ', `${name}: ${reason}`, `${again}: the plan will use the present files.`];
  if (step === 'mailboxes') {
    return [
      'COMMIT_REFUSED',
      `${name} refused the changes, because users would lose mailboxes: ${reason}`,
      'Nothing was written. docs/dovecot-2.4.md, "Proof with mailboxes", says what counts; --no-mailboxes applies the plan without this proof.',
    ];
  }
  const fixed = `${again} when the cause is fixed.`;
  return ['COMMIT_REFUSED', `${name} refused the changes (at ${step}): ${reason}`, fixed];
}

/** The failure of a host that was not begun because too many before it failed. */
export function stopped(failed: number, begun: number): HardenMailError {
  return new HardenMailError(
    'STOPPED',
    `not begun: ${failed} of the ${begun} before it failed`,
    'Nothing was written here. Fix those and run again; --max-fail N continues after up to N failures.',
  );
}

export function interrupted(): HardenMailError {
  return new HardenMailError('INTERRUPTED', 'interrupted', 'Nothing more was written.');
}
