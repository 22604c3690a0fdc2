/** A Dovecot 2.4 that apt is about to install in place of a 2.3, by an ordinary upgrade of packages. */
import { satisfies } from '../../formats/versions.ts';
import { hasRemoved } from '../../modernize/modernize.ts';
import type { Facts } from '../../model/index.ts';
import type { Workspace } from '../workspace.ts';
import type { Fault } from './fault.ts';

export function upcomingFaults({ dovecot, postfix }: Workspace, { upcoming, ...facts }: Facts): Fault[] {
  if (!upcoming || facts.dovecot === null || !dovecot || dovecot.grammar === '2.4') return [];
  if (!satisfies(upcoming.dovecot, '>=2.4') || satisfies(facts.dovecot, '>=2.4')) return [];
  const from = upcoming.suite === '' ? '' : ` (from ${upcoming.suite})`;
  const who = upcoming.auto ? 'the next `apt upgrade` installs it, and unattended-upgrades is on' : 'the next `apt upgrade` installs it'; // oxfmt-ignore
  const mail = postfix && upcoming.postfix !== undefined && satisfies(upcoming.postfix, '>=3.9') && hasRemoved(postfix) ? `, and Postfix ${upcoming.postfix} answers 451 to mail` : ''; // oxfmt-ignore
  return [
    {
      id: 'upcoming dovecot',
      task: 'install',
      text: `the candidate of dovecot-core is ${upcoming.dovecot}${from}: ${who}, and Dovecot will not start with these files${mail}`,
      todo: 'run `apt-mark hold dovecot-core` until you want it, or take that suite out of the sources of apt; `harden-mail check --upgrade-to RELEASE` shows what it changes, and `harden-mail apply` right after it converts the files',
    },
  ];
}
