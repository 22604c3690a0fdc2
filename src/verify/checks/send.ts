import { type Check } from './check-record.ts';

export const sendCheck = {
  id: 'send',
  ports: [25, 465, 587],
  proves:
    'after the login the user may send: MAIL from the own address and RCPT to it are taken (nothing is sent). The login is the address, or that name at the mail domain; refused: a warning, for it may be no address of the user; put off by policy: a hint',
  recipe: [],
  fixedBy: () => [],
  warningUndoes: true,
  weight: {
    severity: 'high',
    source: 'RFC 6409 §3.3',
    profile: null,
    postfix: ['smtpd_sender_login_maps', 'smtpd_sender_restrictions', 'smtpd_recipient_restrictions'],
    dovecot: [],
  },
} as const satisfies Check;
