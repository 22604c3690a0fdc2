/** Additional names: each port that speaks TLS must serve each name's certificate. */
import type { Finding } from '../model/index.ts';
import type { CheckId } from './checks/index.ts';
import type { Port } from './mail-ports.ts';
import { lookAt, type Ahead, type Ways } from './reach.ts';

/** A name, and its chain on disk; null if there is none, undefined if the disk was not read. */
export interface NamedCertificate {
  readonly name: string;
  readonly certificate: string | null | undefined;
}

/** The probe's parameters for one name. */
export type ProbeFor = (one: NamedCertificate) => Ahead;

/** @param seen the findings so far: only ports that reached TLS are asked, the same way */
export async function lookForNames(
  names: readonly NamedCertificate[],
  ports: readonly Port[],
  seen: readonly Finding[],
  ways: Ways,
  probeFor: ProbeFor,
): Promise<Finding[]> {
  const found: Finding[] = [];
  // One name after the other: daemons limit a client's simultaneous connections.
  for (const one of names) {
    const looks = ports.map(async (port) => {
      const before = seen.find((finding) => finding.port === port.port && finding.check === 'tls');
      if (!before) return [];
      const { via } = before;
      const way = via === 'ssh' && ways.fallback ? { direct: ways.fallback } : { ...ways };
      return judged(one.name, via, await lookAt(port, way, probeFor(one)));
    });
    found.push(...(await Promise.all(looks)).flat());
  }
  return found;
}

const OF_CERTIFICATE: readonly string[] = [
  'certificate-served',
  'certificate-name',
  'certificate-validity',
  'certificate-trust',
] satisfies CheckId[];
const WORST = ['fail', 'warn', 'hint', 'pass'] as const;

/** One finding for a name on a port: the worst verdict on its certificate. */
function judged(name: string, via: Finding['via'], findings: readonly Finding[]): Finding[] {
  const [first] = findings;
  if (!first) return [];
  const finding = (status: Finding['status'], text: string): Finding[] => [
    { port: first.port, check: 'sni' satisfies CheckId, name, status, text: `${name}: ${text}`, via },
  ];
  const told = findings.filter(({ check }) => OF_CERTIFICATE.includes(check));
  const broken = findings.find(({ check, status }) => check === 'tls' && status === 'fail');
  if (told.length === 0) {
    if (broken) return finding('fail', broken.text);
    const why = findings.find(({ status }) => status === 'fail')?.text ?? 'no answer';
    return finding('hint', `could not be asked for (${why})`);
  }
  const status = WORST.find((one) => told.some((each) => each.status === one)) ?? 'hint';
  const all = told.filter((each) => each.status === status).map(({ text }) => text);
  return finding(status, status === 'pass' ? (all[0] ?? '') : all.join('; '));
}
