import type { AnyAuthMethod } from 'ssh2';
import { HardenMailError } from '../errors.ts';
import { printable } from '../remote/printable.ts';
import { askingAttempts, keyAttempt } from './attempts.ts';
import type { Ask } from './attempts.ts';
import type { Credentials } from './credentials.ts';
import type { SshLibrary } from './library.ts';
import type { SshSettings } from './ssh-config.ts';

/** Gives one way to authenticate after the other. */
export interface Authentication {
  /**
   * The next one that the host allows; false when none is left. `allowed` is null before the host has said anything.
   * @throws what asking the user threw
   */
  next(allowed: readonly string[] | null): Promise<AnyAuthMethod | false>;
  /** What was tried last: when the host lets us in, with this. */
  last(): string;
  /** What to say when the host accepted none. */
  failure(): HardenMailError;
}

export interface AuthOptions {
  readonly label: string;
  readonly settings: SshSettings;
  readonly credentials: Credentials;
  /** Absent when nobody can be asked. */
  readonly ask: Ask | undefined;
  readonly asker: object | undefined;
  readonly debug: (line: string) => void;
}

export function authentication(library: SshLibrary, options: AuthOptions): Authentication {
  const { label, settings, credentials, debug } = options;
  const tried: string[] = [...credentials.skipped];
  let fatal: Error | undefined;
  let accepted: readonly string[] = [];
  const problem = (error: unknown): undefined => {
    if (error instanceof HardenMailError && error.code === 'KEY_UNUSABLE') tried.push(`(${error.message})`);
    else fatal ??= error as Error;
  };
  const attempts = [
    ...credentials.candidates.map((candidate) => keyAttempt(library, candidate, { ...options, problem })),
    ...askingAttempts({ ...options, problem }),
  ];

  return {
    async next(allowed) {
      accepted = allowed ?? accepted;
      while (fatal === undefined) {
        // The first key goes out before the host has said what it allows: that saves a round trip.
        const fits = (method: string): boolean =>
          allowed === null ? method === 'publickey' : allowed.includes(method);
        const at = attempts.findIndex(({ method }) => fits(method));
        const attempt = at < 0 ? undefined : attempts.splice(at, 1)[0];
        if (attempt === undefined) return allowed === null ? { type: 'none', username: settings.user } : false;
        tried.push(attempt.label);
        const made = await attempt.make();
        debug(`${label}: ${made ? 'trying' : 'skipping'} ${attempt.label}`);
        if (made !== undefined) return made;
      }
      throw fatal;
    },
    last: () => tried.at(-1) ?? 'nothing',
    failure: () => failure(options, [...new Set(tried)], accepted),
  };
}

function failure({ label, settings }: AuthOptions, tried: readonly string[], accepted: readonly string[]) {
  const what = tried.length === 0 ? 'nothing: there is no key' : tried.join(', ');
  const accepts = accepted.length === 0 ? '' : `; the host accepts ${printable(accepted.join(', '))}`;
  return new HardenMailError(
    'AUTH_FAILED',
    `${label}: ${settings.user} was not let in; tried ${what}${accepts}`,
    tried.length > 5
      ? 'Many keys at once make sshd hang up: name the right one with --identity.'
      : 'Name another user or key with --user and --identity, load a key with `ssh-add`, or put yours on the host with ' +
          '`ssh-copy-id`.',
  );
}
