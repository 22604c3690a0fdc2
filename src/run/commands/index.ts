/** Every command that works on hosts: a row here, and a module beside it. */
import { viewsOf, type EndingView, type Views } from '../../report/ending-view.ts';
import type { Flow } from '../step.ts';

/** The exports of a command's module. */
export interface Command {
  /** The work on its hosts. */
  readonly flow: Flow;
  /** Every ending that it can have, and how each is shown. */
  readonly endings: readonly EndingView[];
  /** Its output is text for a program: no total and no table follow. */
  readonly bare?: boolean;
}

interface Row {
  /** The line in `--help`. */
  readonly describe: string;
  readonly load: () => Promise<Command>;
}

export const HOST_COMMANDS = {
  apply: {
    describe: 'read, plan, show the diff, ask, write, reload, and prove it from outside',
    load: () => import('./apply.ts'),
  },
  check: {
    describe: 'is the host still as it should be? for cron: exit 0 when it is, 2 when it has drifted; nothing written',
    load: () => import('./check.ts'),
  },
  verify: {
    describe: 'look at a host from outside: every check, nothing written',
    load: () => import('./verify.ts'),
  },
  dns: {
    describe:
      'the DNS records that would go with the certificate (TLSA, CAA, MTA-STS), as lines of a zone file; nothing set',
    load: () => import('./dns.ts'),
  },
  history: {
    describe: "a host's last ten transactions: when, by whom, what changed, and how it ended",
    load: () => import('./history.ts'),
  },
  rollback: {
    describe: 'take back the last transaction, or all since one: diff, question and proof as in apply',
    load: () => import('./rollback.ts'),
  },
  doctor: {
    describe:
      'why can a host not be worked on? SSH settings, each step with its time, what is in the way of an apply, and the fix',
    load: () => import('./doctor.ts'),
  },
  map: {
    describe:
      'who can do what through which way in: every listener, TLS, logins, checks, and what is dangerous; nothing written',
    load: () => import('./map.ts'),
  },
} as const satisfies Record<string, Row>;

export type HostCommand = keyof typeof HOST_COMMANDS;

export const HOST_COMMAND_NAMES = Object.keys(HOST_COMMANDS) as HostCommand[];

/** The views of every ending that there is: for a document of any command. */
export async function allViews(): Promise<Views> {
  const commands = await Promise.all(Object.values(HOST_COMMANDS).map(({ load }) => load()));
  return viewsOf(commands.flatMap(({ endings }) => endings));
}
