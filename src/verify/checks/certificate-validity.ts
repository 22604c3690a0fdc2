import { ALL_PORTS, type Check, DOVECOT_CERTIFICATE, POSTFIX_CERTIFICATE, byCertificate } from './check-record.ts';

export const certificateValidityCheck = {
  id: 'certificate-validity',
  ports: ALL_PORTS,
  proves: 'the certificate is valid now and does not expire soon: 21 days or a third of its lifetime are left',
  recipe: [],
  fixedBy: byCertificate,
  weight: {
    severity: 'medium',
    source: 'RFC 5280 §4.1.2.5',
    profile: 'standard',
    postfix: POSTFIX_CERTIFICATE,
    dovecot: DOVECOT_CERTIFICATE,
  },
} as const satisfies Check;
