/** Every command that works on hosts: a row here, and a module next to it. */
import { viewsOf, type EndingView, type Views } from '../../report/ending-view.ts';
import type { HostResult } from '../../model/index.ts';
import type { Flow } from '../step.ts';

/** The exports of a command's module. */
export interface Command {
  /** The work of the command on its hosts. */
  readonly flow: Flow;
  /** Every ending that the command can have, and how each is shown. */
  readonly endings: readonly EndingView[];
  /** The output is text for a program: no total and no table follow. */
  readonly bare?: boolean;
  /** After the results are printed, the process stays until a signal ends it. */
  readonly stays?: (results: readonly HostResult[]) => boolean;
}

interface Row {
  /** The line in `--help`. */
  readonly describe: string;
  readonly load: () => Promise<Command>;
}

export const HOST_COMMANDS = {
  apply: {
    describe: 'read, plan, show the diff, ask, write, reload, and verify from outside',
    load: () => import('./apply.ts'),
  },
  check: {
    describe: 'is the host still as it should be? for cron: exit 0 if it is, 2 if it has drifted; nothing written',
    load: () => import('./check.ts'),
  },
  verify: {
    describe: 'look at a host from outside: every check, nothing written',
    load: () => import('./verify.ts'),
  },
  dns: {
    describe: 'the DNS records that match the certificate (TLSA, CAA, MTA-STS), as lines of a zone file; nothing set',
    load: () => import('./dns.ts'),
  },
  clients: {
    describe:
      'what to enter in mail clients, and the files that set up Thunderbird, Outlook and Apple Mail; nothing written on the host',
    load: () => import('./mail-clients.ts'),
  },
  history: {
    describe: "a host's last ten transactions: when, by whom, what changed, and how it ended",
    load: () => import('./history.ts'),
  },
  rollback: {
    describe: 'undo the last transaction, or all since a given one; diff, question and verification as in apply',
    load: () => import('./rollback.ts'),
  },
  doctor: {
    describe:
      'diagnose the way to a host: SSH settings, each step with its time, what would prevent an apply, and the fix',
    load: () => import('./doctor.ts'),
  },
  map: {
    describe:
      'who can do what through which way in: every listener, TLS, logins, checks, and what is dangerous; nothing written',
    load: () => import('./map.ts'),
  },
  rehearse: {
    describe:
      'apply, verify and roll back on a copy of the host, and upgrade it with --upgrade-to; nothing written on the host',
    load: () => import('./rehearse.ts'),
  },
} as const satisfies Record<string, Row>;

export type HostCommand = keyof typeof HOST_COMMANDS;

export const HOST_COMMAND_NAMES = Object.keys(HOST_COMMANDS) as HostCommand[];

/** The views of all endings, for a document of any command. */
export async function allViews(): Promise<Views> {
  const commands = await Promise.all(Object.values(HOST_COMMANDS).map(({ load }) => load()));
  return viewsOf(commands.flatMap(({ endings }) => endings));
}
