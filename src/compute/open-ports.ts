/** The ports that a transaction must leave open. Pure. */
import { IMAP_PORTS, READING_PORTS, SUBMISSION_PORTS } from '../model/index.ts';
import type { Plan, Policy, Snapshot } from '../model/index.ts';
import { entryPorts, staying } from '../plan/serving/staying.ts';
import { withChanges } from '../plan/undo.ts';

const ALWAYS = [25, ...READING_PORTS];

/** The ports that must listen afterwards: those that listened before, and after an apply those that the plan opens. */
export function portsToHold(goal: 'apply' | 'rollback', plan: Plan, snapshot: Snapshot, policy: Policy): number[] {
  const stay = policy.asked?.includes('no-pop3') ? [25, ...IMAP_PORTS] : ALWAYS;
  const own = goal === 'rollback' ? staying(snapshot, plan.changes) : [];
  const before = snapshot.facts.listeners.map(({ port }) => port).filter((port) => stay.includes(port));
  const opens = goal === 'apply' && plan.activations.some(({ unit }) => unit === 'postfix');
  // Without an entry for 25 in master.cf, the admin does not serve it, and nothing will listen there.
  const after = opens ? entryPorts(withChanges(snapshot, plan.changes)) : [];
  const users = policy.profile === 'strict' ? SUBMISSION_PORTS : [465];
  return [...new Set([...before, ...own, ...[25, ...users].filter((port) => after.includes(port))])];
}

/** After a rollback, the ports whose daemons must still answer. */
export function portsToAnswer(plan: Plan, snapshot: Snapshot): number[] {
  return [...ALWAYS, ...staying(snapshot, plan.changes)];
}
