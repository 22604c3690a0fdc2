/** How a host's run ended, in words. */
import { EXIT, HardenMailError, type ErrorCode } from '../model/errors.ts';
import { redact } from '../formats/redact.ts';
import type { Ending, Finding, Receipt } from '../model/index.ts';

/** A failure as an ending. What is no HardenMailError is a bug of ours, and says so. */
export function failure(error: unknown): Ending & { kind: 'failed' } {
  if (error instanceof HardenMailError) {
    const { code, message, hint, exit, excerpt } = error;
    // It may repeat a daemon's words, and they a line of its configuration.
    return { kind: 'failed', code, message: redact(message), hint, exit, ...(excerpt !== undefined && { excerpt }) };
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

/** The ending as it would be, unless a check fails: then that is how it ended. */
export function verdict(findings: readonly Finding[], well: Ending): Ending {
  const bad = findings.filter(({ status }) => status === 'fail');
  const [first] = bad;
  if (!first) return well;
  const done = well.kind === 'changed' ? 'the changes are live, but ' : '';
  const checks = bad.length === 1 ? 'a check fails' : `${bad.length} checks fail, the first`;
  const hint = done
    ? `${well.kind === 'changed' && well.receipt ? 'None of them passed before, so nothing was undone' : 'No configuration was written, so there is none to undo'}. \`harden-mail verify\` looks again.`
    : 'Nothing was written. `journalctl -u postfix@- -u dovecot` on the host may say why.';
  const ending = failure(new HardenMailError('VERIFY_FAILED', `${done}${checks}: ${sentence(first)}`, hint));
  return well.kind === 'changed' && well.receipt ? { ...ending, receipt: well.receipt } : ending;
}

export function sentence({ port, text }: Finding): string {
  return `${port}: ${text}`;
}

/** How a transaction ended that did not stay. */
export function notCommitted(name: string, receipt: Receipt, apt?: Packages): Ending {
  const [code, message, hint] = wordsFor(name, receipt, apt);
  return { ...failure(new HardenMailError(code, message, hint)), receipt };
}

/** What apt did before the transaction. */
interface Packages {
  readonly installed: readonly string[];
  readonly removed: readonly string[];
}

/** Putting files back brings no package back. */
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
  if (step === 'compare') return ['CHANGED_SINCE_READ', `${name}: ${reason}`, `${again}: the plan is made anew.`];
  const mended = `${again} when what it says is mended.`;
  return ['COMMIT_REFUSED', `${name} refused the changes (at ${step}): ${reason}`, mended];
}

/** Of a host whose turn did not come. */
export function stopped(failed: number, begun: number): HardenMailError {
  return new HardenMailError(
    'STOPPED',
    `not begun: ${failed} of the ${begun} before it failed`,
    'Nothing was written here. Mend those and run again; --max-fail N goes on in spite of N.',
  );
}

export function interrupted(): HardenMailError {
  return new HardenMailError('INTERRUPTED', 'interrupted', 'Nothing more was written.');
}
