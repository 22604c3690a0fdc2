import { type Check, byCertificate } from './check-record.ts';

export const tlsaCheck = {
  id: 'tlsa',
  ports: [25],
  proves:
    'if TLSA records are published for port 25, one of them matches the certificate on disk (asked of the resolver of this machine; no records: no finding)',
  recipe: [],
  fixedBy: byCertificate,
  weight: {
    severity: 'high',
    source: 'RFC 7672 §3',
    profile: null,
    postfix: ['smtpd_tls_cert_file', 'smtpd_tls_chain_files'],
    dovecot: [],
  },
} as const satisfies Check;
