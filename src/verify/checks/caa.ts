import { type Check, byCertificate } from './check-record.ts';

export const caaCheck = {
  id: 'caa',
  ports: [25],
  proves: 'if CAA records are published, they let the authority that issued the certificate renew it; else a warning',
  recipe: [],
  fixedBy: byCertificate,
  weight: {
    severity: 'low',
    source: 'RFC 8659',
    profile: null,
    postfix: ['smtpd_tls_cert_file', 'smtpd_tls_chain_files'],
    dovecot: [],
  },
} as const satisfies Check;
