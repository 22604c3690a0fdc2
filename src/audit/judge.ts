import { SMTP_PORTS, type Finding } from '../model/index.ts';
import { judgeCertificates } from './judge-certificates.ts';
import { judgeSession } from './judge-session.ts';
import { judgeTls } from './judge-tls.ts';
import { STATUS, type Judgement } from './judgement.ts';
import type { PortSeen } from './look.ts';
import { checkOf } from '../verify/checks/index.ts';
import { AUDIT_RULES } from './audit-rules.ts';

/** All findings of a port, in the order of AUDIT_RULES; none for a port that does not answer. */
export function judgePort(seen: PortSeen): Finding[] {
  const { port, session, why, connections } = seen;
  if (!session) return [];
  const said: Judgement[] = [
    ...judgeSession(seen, session),
    ...(seen.tls ? judgeTls(seen.tls, port, seen.renegotiates, session.secure) : []),
    ...judgeCertificates(seen.chains),
    why === ''
      ? { check: 'complete', severity: 'ok', text: 'the audit of this port is complete' }
      : { check: 'complete', severity: 'low', text: `incomplete after ${connections} connections: ${why}` },
  ];
  const order = Object.keys(AUDIT_RULES);
  return said
    .sort((a, b) => order.indexOf(a.check) - order.indexOf(b.check))
    .map(({ check, kind, severity, text, source }) => {
      const rule = AUDIT_RULES[check];
      const settings = port.protocol === 'smtp' ? rule.postfix : rule.dovecot;
      const weight = { severity, source: source ?? rule.source, profile: rule.profile, settings };
      return {
        port: port.port,
        check,
        ...(kind !== undefined && { kind }),
        status: STATUS[severity],
        text,
        via: 'direct',
        weight,
      };
    });
}

/** A finding of verify with its weight. */
export function weighed(finding: Finding): Finding {
  const known = checkOf(finding)?.weight;
  if (!known) return finding;
  const severity = { pass: 'ok', hint: 'info', warn: 'low', fail: known.severity } as const;
  const settings = SMTP_PORTS.includes(finding.port) ? known.postfix : known.dovecot;
  const { source, profile } = known;
  return { ...finding, weight: { severity: severity[finding.status], source, profile, settings } };
}
