import { ALL_PORTS, type Check, DOVECOT_CERTIFICATE, POSTFIX_CERTIFICATE, byCertificate } from './check-record.ts';

export const certificateTrustCheck = {
  id: 'certificate-trust',
  ports: ALL_PORTS,
  proves: 'the chain as served leads to a root that mail clients know, or to a root that was given as trusted',
  recipe: [],
  fixedBy: byCertificate,
  weight: {
    severity: 'medium',
    source: 'RFC 5280 §6',
    profile: 'standard',
    postfix: POSTFIX_CERTIFICATE,
    dovecot: DOVECOT_CERTIFICATE,
  },
} as const satisfies Check;
