/** Package removals: apply does them only with explicit consent (--replace). docs/consent.md. Pure. */
import { HardenMailError } from '../model/errors.ts';
import type { Action, Facts, Note, Policy } from '../model/index.ts';

/**
 * Stops a plan whose packages make apt remove others.
 * @throws CONSENT_NEEDED if the plan installs Postfix, which replaces another mail server, and `--replace mta` was not given;
 * INSTALL_FAILED if it does not install Postfix: that is a conflict of packages, which this tool does not resolve
 */
export function assertRemovals({ removes }: Facts, { replace = [] }: Policy, actions: readonly Action[]): void {
  const packages = installed(actions);
  if (packages.length === 0 || removes.length === 0) return;
  const what = `to install ${packages.join(', ')}, apt would remove ${removes.join(', ')}`;
  if (!packages.includes('postfix')) {
    throw new HardenMailError(
      'INSTALL_FAILED',
      what,
      `Nothing was written. Look at \`apt-get -s install ${packages.join(' ')}\` on the host, install them by hand if you agree, and run again.`,
    );
  }
  if (replace.includes('mta')) return;
  throw new HardenMailError(
    'CONSENT_NEEDED',
    `${what}: Debian allows one mail-transport-agent on a host, and Postfix is one`,
    'Nothing was written. --replace mta goes on. A rollback does not bring these packages back, and mail that waits in their queue is not handed over: empty it first.',
    { consent: 'mta' },
  );
}

/** A warning in the plan of an apply that has the consent. */
export function removalNotes({ removes }: Facts, actions: readonly Action[]): Note[] {
  if (installed(actions).length === 0 || removes.length === 0) return [];
  const text = `apt removes ${removes.join(', ')}, as --replace mta allows: a rollback does not bring packages back, and mail that waits in their queue is not handed over to Postfix`;
  return [{ task: 'install', level: 'warning', text }];
}

function installed(actions: readonly Action[]): readonly string[] {
  return actions.flatMap((action) => (action.kind === 'install' ? action.packages : []));
}
