import { planFingerprint } from '../plan/compose.ts';
import type { Shown } from '../report/alike.ts';
import { failure } from './endings.ts';
import type { Io, RunOptions } from './step.ts';
import { finish, type Agreed, type Planned, type Surveyed } from './visit.ts';

/**
 * Shows each plan that the user has not agreed to yet, and asks. A dry run ends here. Returns the hosts that continue, each with
 * the fingerprint of the agreed plan.
 */
export async function agree(
  question: string,
  hosts: readonly (Surveyed | Agreed)[],
  options: RunOptions,
  io: Io,
): Promise<Agreed[]> {
  const agreed = new Map<string, Agreed>();
  const isOpen = (one: Surveyed | Agreed): boolean => !('agreed' in one) || one.agreed !== planFingerprint(one.plan);
  for (const one of hosts) if (!isOpen(one)) agreed.set(one.visit.name, one as Agreed);
  for (const group of await io.alike(hosts.filter(isOpen).map(shown))) {
    await io.show(group);
    const whom = group.length === 1 ? group[0]?.name : `these ${group.length} hosts`;
    let yes: boolean;
    try {
      yes = !options.dryRun && (options.yes || (await io.ask(`${question} ${whom}?`)));
    } catch (error) {
      // Ctrl-C at the question ends every host. The report still shows what is known of each.
      for (const { visit } of hosts) visit.ending ??= failure(error);
      return [];
    }
    for (const { of } of group) {
      if (yes) agreed.set(of.visit.name, { ...of, agreed: planFingerprint(of.plan) });
      else finish(of, { kind: options.dryRun ? 'pending' : 'declined' });
    }
  }
  return hosts.flatMap(({ visit }) => agreed.get(visit.name) ?? []);
}

/** A plan as the terminal shows it. */
export function shown<T extends Planned>(of: T): Shown & { readonly of: T } {
  const { visit, plan, snapshot, policy } = of;
  return { of, name: visit.name, domain: policy.domain, facts: snapshot.facts, plan };
}
