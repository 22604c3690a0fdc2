import type { Fragment, Merge } from './fragment.ts';
import { FOR_USERS } from './for-users.ts';

/** The fragment that opens the port. */
export const SUBMISSION_ENTRY = 'strict:master.cf:587';

const PORT = { in: 'master.cf', port: 587 } as const;

function option(setting: string, merge: Merge, why: string, source: string): Fragment {
  return {
    id: `strict:master.cf:587:${setting}`,
    task: 'smtps',
    setting,
    place: PORT,
    merge,
    profile: 'strict',
    why,
    source,
    recipe: [],
  };
}

/** Submission on port 587, with STARTTLS required, for clients that do not know 465. */
export const submission: readonly Fragment[] = [
  {
    id: SUBMISSION_ENTRY,
    task: 'smtps',
    setting: 'submission',
    place: PORT,
    merge: { how: 'service', samples: ['submission'] },
    profile: 'strict',
    why: 'Clients that are set up for 587 lose their login on 25 and find it here. An entry that already serves 587 is used.',
    source: 'RFC 6409; RFC 8314, 3.3',
    recipe: [],
  },
  option(
    'syslog_name',
    { how: 'default', value: 'postfix/submission' },
    'A separate name in the log, so that failed logins on this port can be distinguished from port 25.',
    'Postfix postconf(5), syslog_name',
  ),
  option(
    'smtpd_tls_security_level',
    { how: 'at-least', value: 'encrypt', scale: { by: 'ladder', rungs: ['none', 'may', 'encrypt'] } },
    'Accepts no mail and no login before STARTTLS.',
    'RFC 8314, 3.3; Postfix postconf(5), smtpd_tls_security_level',
  ),
  {
    ...option(
      'smtpd_tls_wrappermode',
      { how: 'default', value: 'no' },
      'Clients of 587 begin in clear and ask for STARTTLS: where main.cf has TLS at once for every port, they would hear nothing.',
      'RFC 6409; Postfix postconf(5), smtpd_tls_wrappermode',
    ),
    when: { set: 'smtpd_tls_wrappermode' },
  },
  option(
    'smtpd_tls_auth_only',
    { how: 'set', value: 'yes' },
    'Offers AUTH only after STARTTLS, even if main.cf allows it earlier.',
    'Postfix postconf(5), smtpd_tls_auth_only',
  ),
  ...FOR_USERS.map(({ setting, merge, why, source }) => ({
    ...option(setting, merge, why, source),
    group: 'users-on-587',
  })),
];
