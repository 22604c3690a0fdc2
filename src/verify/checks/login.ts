import { show } from '../../formats/text/show.ts';
import { SMTP_PORTS } from '../../model/index.ts';
import { type Check } from './check-record.ts';

export const loginCheck = {
  id: 'login',
  ports: [...SMTP_PORTS, 993, 995],
  proves: 'a real user logs in inside TLS (only if a user is given, and only to a server that proved its identity)',
  recipe: [],
  fixedBy: (service) => (service === 'dovecot-ssl' ? ['restart'] : ['sasl', service, 'restart']),
  async asksInside({ wire, protocol, port, forUsers, user, proven }, note) {
    if (!forUsers || !user || port.optional) return 'end';
    if (!proven) {
      note('hint', 'not tried: a password is not sent to a server that did not prove who it is');
      return 'end';
    }
    const response = Buffer.from(`\0${user.name}\0${user.password}`).toString('base64');
    const reply = await protocol.login(wire, response);
    // A server that echoes unknown input must not bring the password into a report.
    const safe = reply.text.replaceAll(response, '***');
    if (reply.ok) return note('pass', `logs ${show(user.name)} in`);
    note('fail', `does not log ${show(user.name)} in: "${show(safe)}"`);
    return 'end';
  },
  weight: {
    severity: 'medium',
    source: 'RFC 4954',
    profile: null,
    postfix: ['smtpd_sasl_path'],
    dovecot: ['passdb'],
  },
} as const satisfies Check;
