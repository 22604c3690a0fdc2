import { type Check, byCertificate } from './check-record.ts';

export const revocationCheck = {
  id: 'revocation',
  ports: [25],
  proves:
    'the certificate on disk is not on the revocation list that it names (CRL; no list named: no finding; list not available: a hint)',
  recipe: [],
  fixedBy: byCertificate,
  weight: {
    severity: 'high',
    source: 'RFC 5280 §5',
    profile: null,
    postfix: ['smtpd_tls_cert_file', 'smtpd_tls_chain_files'],
    dovecot: [],
  },
} as const satisfies Check;
