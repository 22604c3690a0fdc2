/** `verify --audit` and `verify --no-ssh`: the checks of verify, and everything that an audit tries in addition. */
import { audit, weighed } from '../audit/audit.ts';
import { gradeOf } from '../audit/judge-grade.ts';
import { judgeMap } from '../audit/judge-map.ts';
import { HardenMailError } from '../model/errors.ts';
import type { Finding, PortAudit } from '../model/index.ts';
import { asProxy, tcp } from './probe.ts';
import type { RunOptions, Say } from './step.ts';
import { checkOf } from '../verify/checks/index.ts';
import { verify } from '../verify/verify.ts';
import { finish, type Begun, type Read, type Visit } from './visit.ts';
import { verdict } from './endings.ts';

/** @param look the way in which verify reads and probes a host over SSH */
export async function auditHost(
  from: Begun,
  options: RunOptions,
  say: Say,
  look: (from: Begun, options: RunOptions, say: Say) => Promise<Read>,
): Promise<null> {
  const { visit } = from;
  const found = options.outside ? null : await look(from, options, say);
  say('audit');
  const { ports, findings } = found ? await asAdmin(found, options) : await asStranger(visit, options);
  visit.report.audit = ports;
  visit.report.findings = findings.map(weighed).sort((a, b) => a.port - b.port);
  visit.report.grade = gradeOf(visit.report.findings);
  const ending = verdict(visit.report.findings, { kind: 'verified' });
  const hint =
    'Nothing was written. Each arrow names the profile whose `harden-mail apply` fixes the fault, and the settings to look at.';
  return finish(from, ending.kind === 'failed' ? { ...ending, hint } : ending);
}

type Seen = { readonly ports: readonly PortAudit[]; readonly findings: readonly Finding[] };

async function asAdmin({ visit, remote, snapshot, policy }: Read, options: RunOptions): Promise<Seen> {
  const { address } = remote;
  const proxied = await options.compute(visit.name, 'proxied', snapshot, address);
  const { ways } = asProxy({ direct: (port, signal) => tcp(address, port, signal) }, proxied);
  const seen = await audit({
    dial: ways.direct,
    domain: policy.domain,
    signal: options.interrupt.cut,
  });
  const checked = visit.report.findings.filter((one) => checkOf(one)?.auditAsks !== true);
  const findings = [...checked, ...seen.findings];
  const map = await options.compute(visit.name, 'map if readable', snapshot);
  return { ports: seen.ports, findings: [...findings, ...(map ? judgeMap(map, findings) : [])] };
}

/** Without SSH only the name is known. A closed port is no failure here, because an MX need not be a mail store. */
async function asStranger({ host, name }: Visit, { trust, user, interrupt }: RunOptions): Promise<Seen> {
  const { hostname, domain = hostname } = host;
  const dial = (port: number, signal: AbortSignal) => tcp(hostname, port, signal);
  const seen = await audit({ dial, domain, signal: interrupt.cut });
  const silent = seen.ports.filter(({ answers }) => !answers);
  if (silent.length === seen.ports.length) throw unreachable(name, silent);
  const submission = seen.ports.some(({ port, answers }) => port === 587 && answers) ? 'there' : 'absent';
  // Additional names come from the inventory; the certificates on disk for them are not known.
  const also = (host.sni ?? []).flatMap(({ names }) => names.map((each) => ({ name: each, certificate: undefined })));
  const checked = await verify({
    ...{ domain, direct: dial, trust, also, submission, tryRelay: false },
    ...(user && { user }),
  });
  const findings = checked.map((finding) => {
    const closed = silent.find(({ port }) => port === finding.port);
    if (closed) return { ...finding, status: 'hint', text: `does not answer (${closed.why}): not looked at` } as const;
    // A server that accepts mail from other servers on 25 need not offer logins there (RFC 8314 §3.3).
    return finding.port === 25 && finding.check === 'auth' && finding.status === 'fail'
      ? ({ ...finding, status: 'hint' } as const)
      : finding;
  });
  return { ports: seen.ports, findings: [...findings, ...seen.findings] };
}

function unreachable(name: string, ports: readonly PortAudit[]): HardenMailError {
  const whys = ports.map(({ why }) => why);
  const [first = ''] = whys;
  if (first === 'name not known')
    return new HardenMailError('HOST_UNKNOWN', `${name}: the name is not known`, 'Is it spelled right?');
  const told = whys.every((why) => why === first) ? first : ports.map(({ port, why }) => `${port}: ${why}`).join(', ');
  return new HardenMailError(
    whys.includes('timed out') ? 'CONNECTION_TIMEOUT' : 'CONNECTION_REFUSED',
    `no mail port of ${name} answers (${told})`,
    'Is it the right host? A network that lets no mail out blocks port 25, and a firewall may block us.',
  );
}
