import { ALL_PORTS, type Check } from './check-record.ts';

export const answersCheck = {
  id: 'answers',
  ports: ALL_PORTS,
  proves:
    'the port can be reached and greets in its protocol; 110 and 143 may be closed; 587 is checked where something listens or the profile wants it',
  recipe: ['telnet localhost 25', 'netstat -tlnp | grep 465', 'netstat -tlnp: 995 (POP3s), 993 (IMAPs)'],
  fixedBy: (service) => ['install', service, 'restart'],
  warnsOnOwn: true,
  weight: {
    severity: 'medium',
    source: 'RFC 8314 §3',
    profile: 'standard',
    postfix: ['master.cf'],
    dovecot: ['inet_listener'],
  },
} as const satisfies Check;
