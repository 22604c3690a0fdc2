/** What others say that is left so, and why; and where they are known to see less than there is. */
import type { Difference } from './compare.ts';
import type { Remark } from './opinion.ts';

/** Remarks of testssl.sh on a strict host, by its own names for them. LOW only: what is worse is mended. */
const REASONS: Readonly<Record<string, string>> = {
  cipherlist_AVERAGE:
    'On 25 suites with CBC stay for servers of TLS 1.2 that know nothing else: refused, they bring their mail in clear. The server’s order puts ECDHE with AEAD first.',
  LUCKY13:
    'The same suites with CBC on 25. OpenSSL has had constant-time code against it since 1.0.1d (2013), which testssl.sh cannot see, hence “potentially”.',
};

export const reasonFor = ({ severity, id }: Remark): string => (severity === 'LOW' ? (REASONS[id] ?? '') : '');

interface Explained extends Pick<Difference, 'only'> {
  readonly tool: string;
  readonly item: RegExp;
  readonly why: string;
}

const DIFFERENCES: readonly Explained[] = [];

/** Why they differ; empty where nobody knows yet. */
export const explanationOf = (tool: string, { only, item }: Difference): string =>
  DIFFERENCES.find((one) => one.tool === tool && one.only === only && one.item.test(item))?.why ?? '';
