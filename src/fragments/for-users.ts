import type { Merge } from './fragment.ts';

const SUBMIT_ONLY = 'permit_sasl_authenticated,reject';

/** What makes a port one for users who have logged in, and for nobody else: the same on 465 and on 587. */
export const FOR_USERS: readonly {
  readonly setting: string;
  readonly merge: Merge;
  /** The value in the recipe's words. */
  readonly written: string;
  readonly why: string;
  readonly source: string;
}[] = [
  {
    setting: 'smtpd_sasl_auth_enable',
    merge: { how: 'offer', value: 'yes', declined: 'no' },
    written: 'yes',
    why: 'This is where users log in to send.',
    source: 'Postfix SASL_README',
  },
  {
    setting: 'smtpd_reject_unlisted_recipient',
    merge: { how: 'default', value: 'no' },
    written: 'no',
    why: "A user's typing error comes back as a bounce that can be read instead of a pop-up of the mail client.",
    source: "Postfix's own master.cf sample",
  },
  {
    setting: 'smtpd_client_restrictions',
    merge: { how: 'default', value: SUBMIT_ONLY },
    written: SUBMIT_ONLY,
    why: 'Nobody gets further here without a login.',
    source: "Postfix's own master.cf sample; RFC 6409, 4.3",
  },
  {
    setting: 'smtpd_recipient_restrictions',
    merge: { how: 'default', value: '' },
    written: '',
    why: 'Block lists of main.cf are meant for strangers, not for users who have logged in; relaying is decided by smtpd_relay_restrictions.',
    source: "Postfix's own master.cf sample",
  },
  {
    setting: 'smtpd_relay_restrictions',
    merge: { how: 'default', value: SUBMIT_ONLY },
    written: SUBMIT_ONLY,
    why: 'Relays for users who have logged in, and for nobody else, not even for own networks.',
    source: "Postfix's own master.cf sample",
  },
  {
    setting: 'milter_macro_daemon_name',
    merge: { how: 'default', value: 'ORIGINATING' },
    written: 'ORIGINATING',
    why: "Tells mail filters (DKIM signers, …) that this is users' outgoing mail.",
    source: 'Postfix MILTER_README; OpenDKIM documentation, MTA and ORIGINATING',
  },
];
