import { putsOff } from '../mail/ask-relay.ts';
import type { Judgement } from './judgement.ts';
import type { PortSeen } from './look.ts';
import type { SessionSeen, SmtpSeen } from './look-inside.ts';

export function judgeSession(seen: PortSeen, session: SessionSeen): Judgement[] {
  const { smtp } = session;
  return [
    greeting(session.greeting),
    ...injected(seen),
    ...(smtp?.auth ? [plainAuth(smtp.auth)] : []),
    ...(smtp ? [relay(smtp, seen.local), vrfy(smtp)] : []),
  ];
}

function greeting(text: string): Judgement {
  const check = 'greeting';
  const version = /(?:^|[\s(])\D*\d+\.\d+/.exec(text.replace(/^\S+ \S+/, ''));
  return version
    ? { check, severity: 'info', text: 'reveals the version of its software' }
    : { check, severity: 'ok', text: 'reveals no version' };
}

function plainAuth({ taken, text }: NonNullable<SmtpSeen['auth']>): Judgement {
  const check = 'plain-auth';
  return taken
    ? { check, severity: 'high', text: `accepts AUTH in the clear, although it does not offer it: "${text}"` }
    : { check, severity: 'ok', text: 'refuses AUTH in the clear' };
}

function injected({ injection }: PortSeen): Judgement[] {
  const check = 'starttls-injection';
  if (injection === null) return [];
  if (injection === 'taken')
    return [{ check, severity: 'high', text: 'executes inside TLS a command that arrived in the clear' }];
  const how = injection === 'dropped' ? 'drops' : 'hangs up on';
  return [{ check, severity: 'ok', text: `${how} a command that is sent after STARTTLS` }];
}

function relay({ relay: seen }: SmtpSeen, local: boolean): Judgement {
  const { taken, text } = seen;
  const check = 'open-relay';
  if (taken && local)
    return {
      check,
      severity: 'info',
      text: 'relays mail from the host itself; not tested for other clients',
    };
  if (taken)
    return {
      check,
      severity: 'high',
      text: `relays mail from any sender to any recipient (unless this machine is in mynetworks): "${text}"`,
    };
  if (putsOff(seen)) return { check, severity: 'info', text: `not tested, the server defers mail: "${text}"` };
  return { check, severity: 'ok', text: `does not relay: "${text}"` };
}

function vrfy({ vrfy: { nobody, postmaster } }: SmtpSeen): Judgement {
  const check = 'vrfy';
  const knows = (code: number): boolean => code >= 250 && code <= 252;
  if (knows(postmaster) && !knows(nobody))
    return {
      check,
      severity: 'low',
      text: `reveals which names exist (VRFY: ${postmaster} for one, ${nobody} for another)`,
    };
  if (knows(nobody)) return { check, severity: 'info', text: `answers VRFY with ${nobody} for any name` };
  return { check, severity: 'ok', text: `does not answer VRFY (${postmaster})` };
}
