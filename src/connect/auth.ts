import type { AnyAuthMethod } from 'ssh2';
import { HardenMailError } from '../model/errors.ts';
import { printable } from '../formats/text/printable.ts';
import { askingAttempts, keyAttempt } from './attempts.ts';
import type { Ask } from './attempts.ts';
import type { Credentials } from './credentials.ts';
import type { SshLibrary } from './library.ts';
import type { SshSettings } from './ssh-config.ts';

/** Supplies the authentication methods one after another. */
export interface Authentication {
  /**
   * The next method that the host allows; false when none is left. `allowed` is null before the host has answered.
   * @throws the error of asking the user
   */
  next(allowed: readonly string[] | null): Promise<AnyAuthMethod | false>;
  /** The label of the last method tried: if the host accepts the login, of the one that it accepted. */
  last(): string;
  /** The error for a host that accepted no method. */
  failure(): HardenMailError;
}

export interface AuthOptions {
  readonly label: string;
  readonly settings: SshSettings;
  readonly credentials: Credentials;
  /** Absent if no user can be asked. */
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
        // Send the first key before the host lists what it allows: that saves a round trip.
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
    `${label}: ${settings.user} could not log in; tried ${what}${accepts}`,
    tried.length > 5
      ? 'sshd hangs up after too many keys: name the right one with --identity.'
      : 'Name another user or key with --user and --identity, load a key with `ssh-add`, or copy yours to the host with ' +
          '`ssh-copy-id`.',
  );
}
