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

/** Submission inside TLS from the first byte, on port 465, for authenticated users only. */
export const smtps: readonly Fragment[] = [
  {
    id: 'master.cf:465',
    task: 'smtps',
    setting: 'submissions',
    place: PORT,
    merge: { how: 'service', samples: ['submissions', 'smtps'] },
    profile: 'standard',
    why: "The service itself. An entry that serves 465 already, under whatever name, is used: two on one port and Postfix does not start. A new one gets the name of the release's own sample (smtps up to Postfix 3.6, submissions from 3.7), or 465 where the host does not know that name. It is for the users of 587 under the same rules: what the admin has set for an entry there (who may send as whom, filters, limits) is taken over.",
    source: 'RFC 8314, 3.3; Postfix master(5)',
    recipe: ['465     inet  n       -       y       -       -       smtpd'],
  },
  option(
    'syslog_name',
    { how: 'default', value: 'postfix/smtps' },
    '-o syslog_name=postfix/smtps',
    'Its own name in the log, so that a failed login there can be told from port 25.',
    'Postfix postconf(5), syslog_name',
  ),
  option(
    'smtpd_tls_wrappermode',
    { how: 'set', value: 'yes' },
    '-o smtpd_tls_wrappermode=yes',
    'TLS before the first SMTP word (implicit TLS), as mail clients expect it on this port.',
    'RFC 8314, 3.3; Postfix TLS_README',
  ),
  option(
    'smtpd_tls_security_level',
    { how: 'at-least', value: 'encrypt', scale: { by: 'ladder', rungs: ['none', 'may', 'encrypt'] } },
    '-o smtpd_tls_security_level=encrypt',
    'No word without TLS.',
    'Postfix postconf(5), smtpd_tls_security_level',
  ),
  ...FOR_USERS.map(({ setting, merge, written, why, source }) => ({
    ...option(setting, merge, `-o ${setting}=${written}`, why, source),
    group: 'users-on-465',
  })),
];
