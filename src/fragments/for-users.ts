import type { Merge } from './fragment.ts';

const SUBMIT_ONLY = 'permit_sasl_authenticated,reject';

/** The options that reserve a port for authenticated users; ports 465 and 587 have the same. */
export const FOR_USERS: readonly {
  readonly setting: string;
  readonly merge: Merge;
  /** The value as the recipe writes it. */
  readonly written: string;
  readonly why: string;
  readonly source: string;
}[] = [
  {
    setting: 'smtpd_sasl_auth_enable',
    merge: { how: 'offer', value: 'yes', declined: 'no' },
    written: 'yes',
    why: 'Users log in on this port to send mail.',
    source: 'Postfix SASL_README',
  },
  {
    setting: 'smtpd_reject_unlisted_recipient',
    merge: { how: 'default', value: 'no' },
    written: 'no',
    why: 'A mistyped recipient comes back as a bounce message that the user can read. Otherwise the mail client shows an error in a pop-up.',
    source: "Postfix's own master.cf sample",
  },
  {
    setting: 'smtpd_client_restrictions',
    merge: { how: 'default', value: SUBMIT_ONLY },
    written: SUBMIT_ONLY,
    why: 'This port serves only authenticated clients.',
    source: "Postfix's own master.cf sample; RFC 6409, 4.3",
  },
  {
    setting: 'smtpd_recipient_restrictions',
    merge: { how: 'default', value: '' },
    written: '',
    why: 'Block lists in main.cf are for other servers, not for authenticated users. smtpd_relay_restrictions decides about relaying.',
    source: "Postfix's own master.cf sample",
  },
  {
    setting: 'smtpd_relay_restrictions',
    merge: { how: 'default', value: SUBMIT_ONLY },
    written: SUBMIT_ONLY,
    why: 'Only authenticated users may relay through this port. Even mynetworks may not.',
    source: "Postfix's own master.cf sample",
  },
  {
    setting: 'milter_macro_daemon_name',
    merge: { how: 'default', value: 'ORIGINATING' },
    written: 'ORIGINATING',
    why: 'Tells mail filters (DKIM signers, …) that this mail is outgoing mail of users.',
    source: 'Postfix MILTER_README; OpenDKIM documentation, MTA and ORIGINATING',
  },
];
