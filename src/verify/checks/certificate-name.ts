import { ALL_PORTS, type Check, DOVECOT_CERTIFICATE, POSTFIX_CERTIFICATE, byCertificate } from './check-record.ts';

export const certificateNameCheck = {
  id: 'certificate-name',
  ports: ALL_PORTS,
  proves: 'the certificate names the domain (subject alternative names only, as clients do: RFC 9525)',
  recipe: [],
  fixedBy: byCertificate,
  weight: {
    severity: 'medium',
    source: 'RFC 9525 §6',
    profile: 'standard',
    postfix: POSTFIX_CERTIFICATE,
    dovecot: DOVECOT_CERTIFICATE,
  },
} as const satisfies Check;
