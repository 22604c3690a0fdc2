/** `harden-mail verify`: the probes alone, or with an audit (loaded on demand). Nothing is written. */
import { verdict } from '../endings.ts';
import { withLastWords } from '../last-words.ts';
import { connected, readHostPolicy } from '../reading.ts';
import { each } from '../stages.ts';
import type { Flow, RunOptions, Say, Step } from '../step.ts';
import { finish, type Begun, type Read } from '../visit.ts';
import { endingView } from '../../report/ending-view.ts';
import { FAILED } from '../../report/shared-endings.ts';
import { escape } from '../../report/escape.ts';
import { passed } from '../../report/findings.ts';

export const flow: Flow = async (hosts, options, io) => {
  const audit = options.audit ? (await import('../audit-host.ts')).auditHost : null;
  const step: Step<Begun, Begun> = audit
    ? (from, given, say) => audit(from, given, say, look)
    : async (from, given, say) => {
        const found = await look(from, given, say);
        return finish(found, verdict(found.visit.report.findings, { kind: 'verified' }));
      };
  return each(hosts, step, options, io);
};

/** Reads the host, and probes it in full. */
async function look(from: Begun, options: RunOptions, say: Say): Promise<Read> {
  const found = await readHostPolicy(await connected(from, options, say), options, say);
  const { visit, remote, snapshot, policy } = found;
  say('verify');
  const began = options.world.clock();
  const seen = await options.world.probe(remote, snapshot, policy, options, 'full');
  visit.report.findings = await withLastWords(remote, snapshot, seen, began, options);
  return found;
}

declare module '../../model/result.ts' {
  interface CommandEndings {
    readonly verified: object;
  }
}

const ending = endingView({
  kind: 'verified',
  total: 'ok',
  lines: ({ host, findings }, chalk) => [`${chalk.bold(escape(host))}  ${chalk.green('ok')}: ${passed(findings)}`],
  schema: (z) => z.object({}),
  fields: () => ({}),
});

export const endings = [ending, FAILED];
