import { ALL_PORTS, type Check, byCertificate } from './check-record.ts';

export const tlsCheck = {
  id: 'tls',
  ports: ALL_PORTS,
  proves: 'a TLS session is established, and the best version that the server speaks is 1.2 or later',
  recipe: ['openssl s_client -connect localhost:465'],
  fixedBy: byCertificate,
  weight: {
    severity: 'high',
    source: 'RFC 8996',
    profile: 'standard',
    postfix: ['smtpd_tls_security_level'],
    dovecot: ['ssl_min_protocol'],
  },
} as const satisfies Check;
