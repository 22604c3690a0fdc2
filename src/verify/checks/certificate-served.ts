import { ALL_PORTS, type Check, DOVECOT_CERTIFICATE, POSTFIX_CERTIFICATE, byCertificate } from './check-record.ts';

export const certificateServedCheck = {
  id: 'certificate-served',
  ports: ALL_PORTS,
  proves: 'the certificate that the daemon serves is the one on disk: it was loaded, and again after a renewal',
  recipe: [],
  fixedBy: byCertificate,
  weight: {
    severity: 'medium',
    source: 'RFC 9325 §6',
    profile: 'standard',
    postfix: POSTFIX_CERTIFICATE,
    dovecot: DOVECOT_CERTIFICATE,
  },
} as const satisfies Check;
