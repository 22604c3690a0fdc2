import { type Check, byCertificate } from './check-record.ts';

export const relayCheck = {
  id: 'relay',
  ports: [25],
  proves:
    'without a login the server accepts no mail for elsewhere (asked up to RCPT, nothing is sent; not asked from the host itself). Accepted: a warning, because this machine may be in mynetworks; if it was refused before an apply, the apply is undone',
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
