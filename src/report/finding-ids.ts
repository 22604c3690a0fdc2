import type { Finding } from '../model/index.ts';

/**
 * The id of each finding, in their order: `465/tls-suites/anonymous`. It depends on the port and the kind of the fault alone, so it is the
 * same in each run, and for each host.
 */
export function findingIds(findings: readonly Finding[]): string[] {
  const seen = new Map<string, number>();
  return findings.map(({ port, check, kind, name }) => {
    const id = [port, check, kind, name].filter((part) => part !== undefined).join('/');
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return count === 1 ? id : `${id}/${count}`;
  });
}
