/** A machine that SSH reaches plays rehearsals for this one. It gets the program and plain values, and no way to the host. */
import { gzipSync } from 'node:zlib';
import { HardenMailError } from '../../model/errors.ts';
import type { Host, Rehearsal } from '../../model/index.ts';
import { lastWords } from '../../formats/text/printable.ts';
import { quote } from '../../formats/text/shell-quote.ts';
import { readOnly } from '../../remote/readonly.ts';
import type { Remote } from '../../remote/remote.ts';
import { scriptText } from '../../remote/scripts.ts';
import { baseOf } from '../rehearsal/base.ts';
import type { Original } from '../rehearsal/original.ts';
import type { RunOptions, Say } from '../step.ts';
import { rehearsalIn, stepReader } from './answer.ts';
import { packJob } from './job.ts';
import { PLAY, PROGRAM_FILES, programFiles, type ProgramFiles } from './sent-program.ts';
import { MACHINE_ID, spareMachine, type SpareMachine } from './spare-needs.ts';

export interface Spare {
  /** @throws STOPPED if the host is the spare machine itself */
  assertOther(host: Remote): Promise<void>;
  play(original: Original, options: RunOptions, say: Say): Promise<Rehearsal>;
  close(): Promise<void>;
}

/** Bytes of an answer. The diffs of a host's files make the most of it. */
const MOST_ANSWER = 32 << 20;
/** Seconds: there is a sign of life each second. */
const IDLE = 60;

/**
 * Reaches the machine as `ssh` would, and sees whether it can play.
 * @param load gives the program that is sent
 * @throws HardenMailError
 */
export async function openSpare(on: Host, options: RunOptions, load = programFiles): Promise<Spare> {
  const { version, world } = options;
  const remote = await world.connect(on, sshOf(on.name, options));
  try {
    const machine = await spareMachine(remote, version);
    const files = machine.program === 'sent' ? load() : null;
    return {
      assertOther: (host) => assertOther(host, machine, on.name),
      play: (original, given, say) => play({ remote, files }, original, given, say),
      close: () => remote.close(),
    };
  } catch (error) {
    await remote.close();
    throw error;
  }
}

/** The key, the jump hosts and the password for sudo of the hosts are not those of another machine. */
function sshOf(on: string, { ssh }: RunOptions): RunOptions['ssh'] {
  const { jump: _, becomePassword, ...shared } = ssh;
  const { prompt } = shared;
  if (!becomePassword || !prompt) return shared;
  return { ...shared, becomePassword: () => prompt(`sudo's password on ${on}: `, { secret: true, host: on }) };
}

async function assertOther(host: Remote, { id }: SpareMachine, on: string): Promise<void> {
  const { stdout } = await readOnly(host).run(MACHINE_ID, { name: 'machine', intent: 'read', plain: true });
  const own = stdout.toString('latin1').trim();
  if (own === '' || own !== id.trim()) return;
  throw new HardenMailError(
    'STOPPED',
    `${on} is ${host.name} itself: a rehearsal runs the host's configuration on another machine`,
    'Name another Debian machine with --on. Nothing was written.',
  );
}

interface Playing {
  readonly remote: Remote;
  /** Null: the machine has the program. */
  readonly files: ProgramFiles | null;
}

async function play({ remote, files }: Playing, original: Original, options: RunOptions, say: Say): Promise<Rehearsal> {
  const { upgradeTo, version } = options;
  const { release } = baseOf(original.facts, upgradeTo);
  const script = playScript(files, packJob({ original, options }, version));
  const { code, stdout, stderr } = await remote.run(script, {
    ...{ name: 'rehearsal', intent: 'write', idleTimeout: IDLE, most: MOST_ANSWER },
    onOutput: stepReader(say),
  });
  const said = lastWords(stderr);
  if (code !== 0 && !/^failure /m.test(stdout.toString('latin1')))
    throw new HardenMailError(
      'REMOTE_FAILED',
      `the rehearsal on ${remote.name} ended with ${code}${said && `: ${said}`}`,
      'Nothing was written on the host. Run the rehearsal again.',
    );
  return rehearsalIn(stdout, remote.name, { release, upgradeTo });
}

/** The program and the job are part of the script, which no process list shows. */
function playScript(files: ProgramFiles | null, job: string): string {
  const put = (name: (typeof PROGRAM_FILES)[number]): string =>
    `printf %s ${quote(gzipSync(files?.[name] ?? '').toString('base64'))} | base64 -d | gzip -d >"$folder/${name}"`;
  const [ready, program] = files
    ? [PROGRAM_FILES.map(put).join('\n'), 'node "$folder/program.cjs"']
    : [':', 'harden-mail'];
  return [scriptText('run/spare/spare-folder.sh'), ready, `printf %s ${quote(job)} | ${program} ${PLAY}`].join('\n');
}
