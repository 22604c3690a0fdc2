import type { Fragment, Merge } from './fragment.ts';
import { FOR_USERS } from './for-users.ts';

const PORT = { in: 'master.cf', port: 465 } as const;

function option(setting: string, merge: Merge, recipe: string, why: string, source: string): Fragment {
  return {
    id: `master.cf:465:${setting}`,
    task: 'smtps',
    setting,
    place: PORT,
    merge,
    profile: 'standard',
    why,
    source,
    recipe: [recipe],
  };
}

/** Submission on port 465, inside TLS from the first byte, for authenticated users only. */
export const smtps: readonly Fragment[] = [
  {
    id: 'master.cf:465',
    task: 'smtps',
    setting: 'submissions',
    place: PORT,
    merge: { how: 'service', samples: ['submissions', 'smtps'] },
    profile: 'standard',
    why: "The service itself. An entry that already serves 465 is used, whatever its name: with two entries on one port, Postfix does not start. A new entry gets the name from the release's own sample (smtps up to Postfix 3.6, submissions from 3.7), or 465 if the host does not know that name. Ports 465 and 587 have the same users, so the rules that the administrator has set for an entry on 587 (allowed senders, filters, limits) are copied.",
    source: 'RFC 8314, 3.3; Postfix master(5)',
    recipe: ['465     inet  n       -       y       -       -       smtpd'],
  },
  option(
    'syslog_name',
    { how: 'default', value: 'postfix/smtps' },
    '-o syslog_name=postfix/smtps',
    'A separate name in the log, so that failed logins on this port can be distinguished from port 25.',
    'Postfix postconf(5), syslog_name',
  ),
  option(
    'smtpd_tls_wrappermode',
    { how: 'set', value: 'yes' },
    '-o smtpd_tls_wrappermode=yes',
    'TLS before the first SMTP command (implicit TLS), as mail clients expect on this port.',
    'RFC 8314, 3.3; Postfix TLS_README',
  ),
  option(
    'smtpd_tls_security_level',
    { how: 'at-least', value: 'encrypt', scale: { by: 'ladder', rungs: ['none', 'may', 'encrypt'] } },
    '-o smtpd_tls_security_level=encrypt',
    'Requires TLS for every command.',
    'Postfix postconf(5), smtpd_tls_security_level',
  ),
  ...FOR_USERS.map(({ setting, merge, written, why, source }) => ({
    ...option(setting, merge, `-o ${setting}=${written}`, why, source),
    group: 'users-on-465',
  })),
];
