import { ALL_PORTS, type Check, DOVECOT_CERTIFICATE, byCertificate } from './check-record.ts';

export const sniCheck = {
  id: 'sni',
  ports: ALL_PORTS,
  proves:
    'a client that asks for an additional name (SNI) gets the certificate on disk for it: for that name, valid and trusted as above',
  recipe: [],
  fixedBy: byCertificate,
  weight: {
    severity: 'medium',
    source: 'RFC 6066 §3',
    profile: 'standard',
    postfix: ['tls_server_sni_maps'],
    dovecot: ['local_name', ...DOVECOT_CERTIFICATE],
  },
} as const satisfies Check;
