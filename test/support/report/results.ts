/** Results of runs, for the tests of what is said about them. */
import type { Ending, Finding, HostResult, Plan } from '../../../src/model/index.ts';
import { compose } from '../../../src/plan/compose.ts';
import { host } from '../plan/host.ts';

/** What a terminal would take for a command, in every text that may come from a host. */
export const HOSTILE = '\u001b[2J\u202e';

export const pass: Finding = {
  port: 25,
  check: 'starttls',
  status: 'pass',
  text: 'STARTTLS is offered',
  via: 'direct',
};
export const fail: Finding = {
  port: 143,
  check: 'logindisabled',
  status: 'fail',
  text: 'a plain login is taken',
  via: 'direct',
};
export const warn: Finding = { port: 993, check: 'expiry', status: 'warn', text: 'expires in 9 days', via: 'direct' };
export const hint: Finding = {
  port: 465,
  check: 'reach',
  status: 'hint',
  text: 'listens, but is not reachable',
  via: 'ssh',
};

export const EMPTY: Plan = { tasks: [], actions: [], settings: [], changes: [], activations: [], notes: [] };

const { snapshot, policy } = host(
  {
    '/etc/postfix/main.cf': 'smtpd_tls_security_level = encrypt\nrelay_password = hunter2\n',
    '/etc/postfix/master.cf': 'smtp inet n - y - - smtpd\n',
    '/etc/dovecot/dovecot.conf': 'ssl = no\n',
  },
  { certificates: { 'mx1.example.test': null } },
);

/** A plan with something of everything in it. */
export const plan: Plan = compose(snapshot, policy);
export const facts = snapshot.facts;

export function result(ending: Ending, over: Partial<HostResult> = {}): HostResult {
  const exit = ending.kind === 'failed' ? ending.exit : 0;
  return { host: 'mx1', ending, exit, facts, plan: null, findings: [], seconds: 1.23456, ...over };
}
