import { type Check, byCertificate } from './check-record.ts';

export const relayCheck = {
  id: 'relay',
  ports: [25],
  proves:
    'mail for elsewhere is not taken from somebody who has not logged in (asked up to RCPT, nothing is sent; not where we are the host itself). Taken: a warning, for we may be in mynetworks; where it was refused before an apply, the reason to undo it',
  recipe: [],
  fixedBy: byCertificate,
  warningUndoes: true,
  auditAsks: true,
  weight: {
    severity: 'high',
    source: 'RFC 5321 §7.8, CWE-269',
    profile: null,
    postfix: ['smtpd_relay_restrictions', 'mynetworks'],
    dovecot: [],
  },
} as const satisfies Check;
