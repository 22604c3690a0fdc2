/** Ports × checks: every result at a glance. Pure. */
import type { Finding } from '../model/index.ts';

/** The parts of a finding that the matrix needs; also those of a JSON document. */
export type Seen = Pick<Finding, 'port' | 'check' | 'status' | 'text' | 'via'>;
export type Status = Finding['status'];

export interface Matrix {
  readonly ports: readonly number[];
  /** In the order in which the checks are made; a cell is null where a port has no such check. */
  readonly rows: readonly { readonly check: string; readonly cells: readonly (Status | null)[] }[];
}

/** The worst first. */
const WORST: readonly Status[] = ['fail', 'warn', 'hint', 'pass'];

export function matrixOf(findings: readonly Seen[]): Matrix {
  const ports = [...new Set(findings.map(({ port }) => port))].sort((a, b) => a - b);
  const checks = [...new Set(findings.map(({ check }) => check))];
  const rows = checks.map((check) => {
    const about = findings.filter((one) => one.check === check);
    const cells = ports.map((port) => {
      const here = about.filter((one) => one.port === port).map(({ status }) => status);
      return WORST.find((status) => here.includes(status)) ?? null;
    });
    return { check, cells };
  });
  return { ports, rows };
}

/** Checks whose text is worth reading although they pass: what was seen of the certificate and of TLS. */
const TOLD = ['tls', 'certificate-name', 'certificate-validity', 'certificate-trust'];

/** `certificate-name`, `is for mx1.example.test`; with the ports if not all say the same. */
export function toldBy(findings: readonly Seen[]): { readonly check: string; readonly text: string }[] {
  const told = findings.filter(({ check, status }) => status === 'pass' && TOLD.includes(check));
  const all = new Set(told.map(({ port }) => port)).size;
  return likeFindings(told).map((group) => {
    const [{ check, text }] = group;
    const ports = group.map(({ port }) => port);
    return { check, text: ports.length === all ? text : `${ports.join(' ')}: ${text}` };
  });
}

/** `110 143: seen through SSH`; nothing for ports that were seen directly. */
export function indirect(findings: readonly Seen[], words: Readonly<Record<Finding['via'], string>>): string[] {
  const ways = [...new Set(findings.map(({ via }) => via))].filter((via) => words[via] !== '');
  return ways.map((via) => {
    const ports = [...new Set(findings.filter((one) => one.via === via).map(({ port }) => port))];
    return `${ports.join(' ')}: ${words[via]}`;
  });
}

/** Findings with the same words, of several ports, in the order of the first. */
export function likeFindings<T extends Seen & { readonly weight?: Finding['weight'] | undefined }>(
  findings: readonly T[],
): (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const finding of findings) {
    const { check, text, status, weight } = finding;
    const key = JSON.stringify([check, text, status, weight?.severity]);
    const known = groups.get(key);
    if (known) known.push(finding);
    else groups.set(key, [finding]);
  }
  return [...groups.values()];
}
