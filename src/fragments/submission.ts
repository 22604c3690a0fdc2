import type { Fragment, Merge } from './fragment.ts';

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

const SUBMIT_ONLY = ['permit_sasl_authenticated', 'reject'];

/** Submission on port 587, with STARTTLS required, for clients that do not know 465. */
export const submission: readonly Fragment[] = [
  {
    id: SUBMISSION_ENTRY,
    task: 'smtps',
    setting: 'submission',
    place: PORT,
    merge: { how: 'service', samples: ['submission'] },
    profile: 'strict',
    why: 'Clients that are set up for 587 lose their login on 25 and find it here. An entry that serves 587 already is used.',
    source: 'RFC 6409; RFC 8314, 3.3',
    recipe: [],
  },
  option(
    'syslog_name',
    { how: 'default', value: 'postfix/submission' },
    'Its own name in the log, so that a failed login there can be told from port 25.',
    'Postfix postconf(5), syslog_name',
  ),
  option(
    'smtpd_tls_security_level',
    { how: 'at-least', value: 'encrypt', scale: { by: 'ladder', rungs: ['none', 'may', 'encrypt'] } },
    'Nothing but STARTTLS is taken in clear.',
    'RFC 8314, 3.3; Postfix postconf(5), smtpd_tls_security_level',
  ),
  option(
    'smtpd_tls_auth_only',
    { how: 'set', value: 'yes' },
    'No login before STARTTLS, whatever main.cf says.',
    'Postfix postconf(5), smtpd_tls_auth_only',
  ),
  option(
    'smtpd_sasl_auth_enable',
    { how: 'set', value: 'yes' },
    'This is where users log in to send.',
    'Postfix SASL_README',
  ),
  option(
    'smtpd_reject_unlisted_recipient',
    { how: 'default', value: 'no' },
    "A user's typing error comes back as a bounce that can be read instead of a pop-up of the mail client.",
    "Postfix's own master.cf sample",
  ),
  option(
    'smtpd_client_restrictions',
    { how: 'member', members: SUBMIT_ONLY, kind: 'restrictions', unset: 'write' },
    'Nobody gets further here without a login.',
    "Postfix's own master.cf sample; RFC 6409, 4.3",
  ),
  option(
    'smtpd_recipient_restrictions',
    { how: 'default', value: '' },
    'Block lists of main.cf are meant for strangers, not for users who have logged in; relaying is decided by smtpd_relay_restrictions.',
    "Postfix's own master.cf sample",
  ),
  option(
    'smtpd_relay_restrictions',
    { how: 'member', members: SUBMIT_ONLY, kind: 'restrictions', unset: 'write' },
    'Relays for users who have logged in, and for nobody else, not even for own networks.',
    "Postfix's own master.cf sample",
  ),
  option(
    'milter_macro_daemon_name',
    { how: 'default', value: 'ORIGINATING' },
    "Tells mail filters (DKIM signers, …) that this is users' outgoing mail.",
    'Postfix MILTER_README; OpenDKIM documentation, MTA and ORIGINATING',
  ),
];
