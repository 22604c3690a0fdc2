import { createHash } from 'node:crypto';
import { HardenMailError } from '../model/errors.ts';
import { PATHS, type Activation, type Change, type Plan, type Receipt } from '../model/index.ts';
import { quote } from '../formats/text/shell-quote.ts';
import type { Remote } from '../remote/remote.ts';
import { scriptText } from '../remote/scripts.ts';

/** Scripts in the transaction's folder: the transaction itself, mail during it, and its checks of users' sessions and of the daemons' log. */
const SCRIPTS = ['tx.sh', 'mail.sh', 'sessions.sh', 'answers.sh', 'apart.sh', 'users.sh', 'lines.sh'];
/** Those that list mailboxes, for a conversion of Dovecot's files. */
const MAILBOX_SCRIPTS = ['mailboxes.sh', 'folders.sh', 'losses.sh'];

/** The host says nothing while it lists the mailboxes of all users; mailboxes.sh gives up after 1800 s. */
export const ALL_MAILBOXES_SECONDS = 2000;

export interface CommitOptions {
  /** Seconds the host waits for the controller's answer before it restores everything. */
  readonly confirmTimeout: number;
  /** Ports that must listen once the daemons have loaded the new files. */
  readonly ports: readonly number[];
  /** Returns to earlier bytes: the daemons' warnings about them are no reason to refuse. */
  readonly rollback?: boolean;
  /** The user who runs this, for the history. */
  readonly who: string;
  /** The changes that apt made before the transaction, for the journal. A rollback cannot undo them. Absent: none. */
  readonly packages?: { readonly installed: readonly string[]; readonly removed: readonly string[] };
  /** The users with whose mailboxes a conversion of Dovecot's files is proved before it goes live. Absent: no such proof. */
  readonly mailboxes?: 'sample' | 'all';
  readonly onStep?: (step: string) => void;
}

/** The state after one exec of the transaction: it is live and waits for an answer, or it has ended. */
export type CommitState =
  | { readonly state: 'awaiting'; readonly id: string; readonly notes?: readonly string[] }
  | Receipt;

/**
 * Hands the changes to the host, which carries them out by itself (tx.sh) and then waits for `settle`. One exec.
 * If the receipt says `refused`, nothing was changed; if it says `rolled-back`, everything was restored.
 */
export async function commit(remote: Remote, plan: Plan, options: CommitOptions): Promise<CommitState> {
  const script = [...prepare(plan, options), scriptText('commit/launch.sh'), 'start && follow 0 && tidy'].join('\n');
  const idleTimeout = options.mailboxes === 'all' ? { idleTimeout: ALL_MAILBOXES_SECONDS } : {};
  return await followed(remote, 'commit', script, {
    ...idleTimeout,
    ...(options.onStep && { onStep: options.onStep }),
  });
}

/** Answers a transaction that waits: confirms it, or has everything restored for the reason `undo`. One exec. */
export async function settle(remote: Remote, id: string, undo: string | null): Promise<Receipt> {
  assertId(id);
  const script = [
    `tx=${PATHS.JOURNAL}/${id}`,
    `[ -d "$tx" ] || { echo 'the transaction is gone from the journal' >&2; exit 1; }`,
    scriptText('commit/launch.sh'),
    // Count the lines before giving the answer, so that only the lines after it are read as the reaction.
    'from=$(log | wc -l)',
    // The transaction may have ended by itself already: then its last line is the result.
    `case $(log | tail -n 1) in 'end '*) log | tail -n 1; exit 0 ;; esac`,
    undo === null
      ? `printf '' >"$talk/confirm"`
      : `printf '%s\\n' ${quote(undo)} >"$talk/undo.new" && mv "$talk/undo.new" "$talk/undo"`,
    'follow "$from"',
  ].join('\n');
  const result = await followed(remote, undo === null ? 'confirm' : 'undo', script);
  if (result.state === 'awaiting') throw new Error(`transaction ${id} did not take the word`);
  return result;
}

/** The script lines that fill the transaction's folder. Values are quoted or base64; no value from the host becomes shell text. */
function prepare(plan: Plan, options: CommitOptions): string[] {
  return [
    'umask 077',
    `mkdir -p ${PATHS.JOURNAL} && id=$(date -u +%Y%m%dT%H%M%SZ)-$(od -An -N2 -tx1 /dev/urandom | tr -d ' \\n') || exit 1`,
    `tx=${PATHS.JOURNAL}/$id`,
    'mkdir "$tx" "$tx/after" || exit 1',
    ...SCRIPTS.map(scriptFile),
    ...(options.mailboxes ? [...MAILBOX_SCRIPTS.map(scriptFile), file('mailboxes', `${options.mailboxes}\n`)] : []),
    file('manifest', plan.changes.map(manifestLine).join('')),
    file('activate', plan.activations.map(activationLine).join('')),
    file('ports', options.ports.map((port) => `${port}\n`).join('')),
    file('timeout', `${options.confirmTimeout}\n`),
    file('who', Buffer.from(`${options.who}\n`).toString('latin1')),
    ...(options.rollback ? [file('rollback', 'yes\n')] : []),
    ...(options.packages ? [file('packages', packageLines(options.packages))] : []),
    ...plan.changes.flatMap(({ after }, index) => (after === null ? [] : [file(`after/${index}`, after)])),
    `printf '%-12s\\n' new >"$tx/state" || exit 1`,
  ];
}

function packageLines({ installed, removed }: NonNullable<CommitOptions['packages']>): string {
  return [...installed.map((name) => `installed ${name}\n`), ...removed.map((name) => `removed ${name}\n`)].join('');
}

/** The lines that write one of this folder's scripts to `$tx`. */
export function scriptFile(name: string): string {
  return textFile(name, scriptText(`commit/${name}`));
}

/** Written by the shell itself: that needs no process, and packs better than base64. */
function textFile(name: string, text: string): string {
  return `printf %s ${quote(text)} >"$tx/${name}" || exit 1`;
}

/** @param content a character for each byte */
function file(name: string, content: string): string {
  if (/^[\t\n\x20-\x7e]*$/.test(content)) return textFile(name, content);
  const lines = Buffer.from(content, 'latin1')
    .toString('base64')
    .replace(/.{1,76}/g, '$&\n');
  return `base64 -d >"$tx/${name}" <<'${END}' || exit 1\n${lines}${END}`;
}

/** base64 does not have this line. */
const END = 'END_OF_FILE';

function manifestLine(change: Change, index: number): string {
  // The manifest is read word by word. These values come from the host, so an allowlist checks them.
  for (const [what, value, allowed] of [
    ['path', change.target, /^(\/[A-Za-z0-9._@+-]+)+$/],
    ['owner', change.owner, /^[A-Za-z0-9._-]+:[A-Za-z0-9._-]+$/],
    ['mode', change.mode, /^[0-7]{4}$/],
  ] as const) {
    if (!allowed.test(value)) {
      throw new HardenMailError(
        'CONFIG_CONFLICT',
        `the ${what} of ${change.path} has characters that this tool does not write to: ${JSON.stringify(value)}`,
        'Nothing was written. Rename it, or give it another owner, and run again.',
      );
    }
  }
  const after = change.after === null ? '-' : createHash('sha256').update(change.after, 'latin1').digest('hex');
  const kind = change.before === null ? 'new' : change.after === null ? 'remove' : 'edit';
  return `${index} ${kind} ${change.sha256 || '-'} ${after} ${change.mode} ${change.owner} ${change.target}\n`;
}

function activationLine({ unit, how }: Activation): string {
  return `${unit} ${how}\n`;
}

/** Runs a script that repeats a transaction's log, and returns the state that the log ends with. */
async function followed(
  remote: Remote,
  name: string,
  script: string,
  { onStep, idleTimeout }: { onStep?: (step: string) => void; idleTimeout?: number } = {},
): Promise<CommitState> {
  const { code, stdout, stderr } = await remote.run(script, {
    name,
    intent: 'write',
    ...(idleTimeout !== undefined && { idleTimeout }),
    ...(onStep && { onOutput: (chunk) => stepsIn(chunk.toString('utf8')).forEach(onStep) }),
  });
  const lines = stdout.toString('utf8').trimEnd().split('\n');
  const last = lines.at(-1) ?? '';
  const noted = notesIn(lines);
  const [, awaiting] = /^awaiting (\S+)$/.exec(last) ?? [];
  if (awaiting !== undefined) return { state: 'awaiting', id: awaiting, ...noted };
  if (last === 'lost') {
    throw new HardenMailError(
      'ROLLBACK_INCOMPLETE',
      `the transaction on ${remote.name} died without a message`,
      'Run again: an unfinished transaction is finished or undone first. By hand: docs/transaction.md.',
    );
  }
  const [receipt] = parseEnd(last);
  if (code !== 0 || !receipt) {
    throw new HardenMailError(
      'COMMIT_REFUSED',
      `${remote.name} did not start the transaction: ${stderr.toString().trim() || last || `exit status ${code}`}`,
      'Nothing was changed. See that /var/lib is writable and has space, and run again.',
    );
  }
  return { ...receipt, ...noted };
}

/** `note TEXT` lines: checks that the host could not complete, and new log lines of its daemons. No reason to restore. */
function notesIn(lines: readonly string[]): { notes?: readonly string[] } {
  const notes = lines.flatMap((line) => /^note (.+)$/.exec(line)?.[1] ?? []);
  return notes.length > 0 ? { notes } : {};
}

/** `end ID STATE STEP REASON`, the last line of the log; empty for any other line. */
export function parseEnd(line: string): Receipt[] {
  const [, id, state, step = '', reason = ''] =
    /^end (\S+) (committed|refused|rolled-back|broken) (\S+) ?(.*)$/.exec(line) ?? [];
  return id === undefined ? [] : [{ id, state: state as Receipt['state'], step, reason }];
}

/** Throws unless the id is safe as part of a path in a script. */
export function assertId(id: string): void {
  if (!/^[0-9A-Za-z-]+$/.test(id)) throw new Error(`not a transaction's name: ${id}`);
}

function stepsIn(text: string): string[] {
  return [...text.matchAll(/^step (\S+)$/gm)].map(([, step]) => step ?? '');
}
