/**
 * Where a run is held while something happens to it. No hook in the code under test: on the host, programs of ours that
 * come first in the search path stand before the real ones, and one of them waits when its call is the one meant.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from '../../../src/lab/lab.ts';
import type { Running } from '../cli.ts';

/** The steps of a run, in their order. */
export const STEPS = [
  'connect', //       no answer from sshd yet
  'become root', //   logged in, sudo not yet run
  'read', //          the files are about to be read
  'lock', //          from here on it is the transaction, which the host carries out by itself
  'compare',
  'journal', //       journaled and armed
  'stage', //         one file is staged
  'validate',
  'staged sessions', // users are asked about on a separate Dovecot with the staged files
  'first rename', //  one file of several is live
  'last rename', //   all files are live, the daemons know nothing of it
  'dovecot', //       about to be reloaded
  'postfix', //       about to be reloaded
  'live sessions', // users are asked about on the running daemons
  'verify', //        all is live; the controller looks at it from outside
  'confirm', //       the controller is back, its word is not given yet
  'disarm', //        the word is given and written down
] as const;
export type Step = (typeof STEPS)[number];

/** Which call of which program. `when` is shell text that sees the arguments, `$step` and `$calls`, the calls so far. */
interface Gate {
  readonly program: string;
  readonly when: string;
  /** Wait once the real one has done its work. */
  readonly after?: boolean;
}

const LOOKUP = 'case "$*" in *" auth lookup "*) true ;; *) false ;; esac';
const SWAPPED = 'grep -q swapped /var/lib/harden-mail/tx/2*/state';

/** A step of runs that convert Dovecot's files, which the matrix has none of: test/convert-hosts/mailboxes.test.ts. */
const MAILBOXES = 'mailboxes';

const GATES: Readonly<Partial<Record<Step | typeof MAILBOXES, Gate>>> = {
  'become root': { program: 'sudo', when: 'true' },
  read: { program: 'readlink', when: '[ "$1" = -f ]' },
  lock: { program: 'flock', when: '[ "$step $1" = "lock -w" ]' },
  compare: { program: 'sha256sum', when: '[ "$step" = compare ]' },
  journal: { program: 'ln', when: '[ "$step $1" = "journal -sf" ]', after: true },
  stage: { program: 'cp', when: '[ "$step" = stage ]', after: true },
  validate: { program: 'unshare', when: '[ "$step $1" = "validate -m" ] && [ "$#" -gt 2 ]' }, // of the parsers; sessions use --mount
  // While the parsers read the files, and after the running daemons were asked.
  'staged sessions': {
    program: 'timeout',
    when: `[ -e /run/harden-mail/*/sessions/staged.work ] && ${LOOKUP} && ! ${SWAPPED}`,
  },
  [MAILBOXES]: { program: 'timeout', when: '[ "$step" = mailboxes ]' },
  'first rename': { program: 'mv', when: '[ "$step $1" = "swap -fT" ]', after: true },
  'last rename': {
    program: 'mv',
    when: '[ "$step $1" = "swap -fT" ] && [ "$calls" = "$(cat /var/lib/harden-mail/tx/2*/manifest | wc -l)" ]',
    after: true,
  },
  dovecot: { program: 'systemctl', when: '[ "$step $1" = "activate-dovecot reload" ]' },
  postfix: { program: 'systemctl', when: '[ "$step $1" = "activate-postfix reload" ]' },
  'live sessions': { program: 'timeout', when: `[ "$step" = sessions ] && ${LOOKUP} && ${SWAPPED}` },
  confirm: { program: 'wc', when: '[ "$step" = confirm ]' },
  disarm: {
    program: 'rm',
    when: 'case "$*" in *harden-mail-recover.service*) grep -q committed /var/lib/harden-mail/tx/2*/state ;; *) false ;; esac',
  },
};

const ROOM = '/run/gate';

/** Stands for the program of its own name. sudo is called by a user whose path begins with /usr/local/bin. */
const KEEPER = `#!/bin/sh
name=\${0##*/}
[ -f ${ROOM}/$name ] || exec /usr/bin/$name "$@"
step=$(cat /run/harden-mail/*/log 2>/dev/null | sed -n 's/^step //p' | tail -n 1)
meant() { . ${ROOM}/$name; }
calls=$(($(cat ${ROOM}/calls 2>/dev/null || echo 0) + 1))
case $name in mv) case $1 in -fT) echo $calls >${ROOM}/calls ;; esac ;; esac
if meant "$@" && mkdir ${ROOM}/reached 2>/dev/null; then
  code=0
  [ ! -e ${ROOM}/after ] || { /usr/bin/$name "$@"; code=$?; }
  while [ ! -e ${ROOM}/open ]; do sleep 0.02; done
  [ ! -e ${ROOM}/after ] || exit $code
fi
exec /usr/bin/$name "$@"
`;

/** Once for a host. */
export async function installGates(host: LabHost): Promise<void> {
  const names = Object.values(GATES).map(({ program }) => program);
  for (const name of new Set(names)) {
    await host.write(name === 'sudo' ? '/usr/local/bin/sudo' : `/usr/sbin/${name}`, KEEPER, '0755');
  }
}

export interface Held {
  /** Lets the run go on. A host that was booted meanwhile has no gate any more. */
  release(): Promise<void>;
}

/** Arms the gate of a step, if it has one on the host; to be called before the run starts. */
export async function arm(host: LabHost, step: Step | typeof MAILBOXES): Promise<void> {
  await host.run(`rm -rf ${ROOM}; mkdir ${ROOM}; chmod 777 ${ROOM}`);
  if (step === 'connect') await host.run('nft -f -', { input: CLOSED });
  if (step !== 'confirm') await close(host, GATES[step]);
}

async function close(host: LabHost, gate: Gate | undefined): Promise<void> {
  if (!gate) return;
  if (gate.after) await host.run(`: >${ROOM}/after`);
  await host.write(`${ROOM}/${gate.program}`, `${gate.when}\n`, '0644');
}

/** Waits until the run has come to the step, and holds it there. */
export async function hold(host: LabHost, step: Step | typeof MAILBOXES, run: Running): Promise<Held> {
  if (step === 'connect') {
    await run.said(/: connect$/m);
    await sleep(300);
    return { release: async () => void (await host.exec('nft delete table inet gate')) };
  }
  if (step === 'verify' || step === 'confirm') {
    await run.said(/: confirm$/m);
    run.signal('SIGSTOP');
    if (step === 'verify') return { release: async () => run.signal('SIGCONT') };
    await close(host, GATES[step]);
    run.signal('SIGCONT');
  }
  const reached = `for i in $(seq 600); do [ -e ${ROOM}/reached ] && exit; sleep 0.1; done; exit 1`;
  const { code } = await host.exec(reached);
  if (code !== 0) throw new Error(`the run never came to “${step}”`);
  return { release: async () => void (await host.exec(`mkdir -p ${ROOM}; : >${ROOM}/open`)) };
}

const CLOSED = 'table inet gate { chain input { type filter hook input priority -10; tcp dport 22 drop; }; }';
