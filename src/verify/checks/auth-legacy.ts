import { type Check } from './check-record.ts';

export const authLegacyCheck = {
  id: 'auth-legacy',
  ports: [25],
  proves:
    'the spelling for old clients is offered too; a hint, never a failure, because nothing is less safe without it',
  recipe: ['ehlo localhost: 250-AUTH=PLAIN LOGIN'],
  fixedBy: (service) => (service === 'dovecot-ssl' ? ['restart'] : ['sasl', service, 'restart']),
  weight: {
    severity: 'info',
    source: 'Postfix SASL_README',
    profile: 'standard',
    postfix: ['broken_sasl_auth_clients'],
    dovecot: [],
  },
} as const satisfies Check;
