import { type Check } from './check-record.ts';

export const deliveryCheck = {
  id: 'delivery',
  ports: [25],
  proves:
    'mail for a recipient of this host (root at the mail domain) causes no error of the server itself: no unreadable table, no wrong setting (4.3.Z, 4.5.Z, 5.3.Z; asked with the relay question up to RCPT, nothing is sent). Deferred by policy: a hint; a domain for which the host accepts no mail: no finding',
  recipe: [],
  fixedBy: () => [],
  weight: {
    severity: 'high',
    source: 'RFC 5321 §4.2.5, RFC 3463 §3.4',
    profile: null,
    postfix: ['local_recipient_maps', 'alias_maps', 'virtual_alias_maps', 'virtual_mailbox_maps'],
    dovecot: [],
  },
} as const satisfies Check;
