import { type Check, byCertificate } from './check-record.ts';

export const revocationCheck = {
  id: 'revocation',
  ports: [25],
  proves:
    'the certificate on disk is not on the list of revoked ones that it names (CRL; none named: not told; not to be had: a hint)',
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
