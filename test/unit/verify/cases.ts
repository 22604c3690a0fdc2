import assert from 'node:assert/strict';
import type { Finding } from '../../../src/model/index.ts';
import { CHECKS } from '../../../src/verify/checks/index.ts';
import type { VerifyTarget } from '../../../src/verify/verify.ts';
import type { Certificates } from '../../support/certificates.ts';
import { goodHost } from './good.ts';
import { certificates, look, start, stop } from './host.ts';
import type { Script } from './server.ts';

type Answer = (line: string, secure: boolean) => ReturnType<Script['answer']> | undefined;
type Difference = Partial<Omit<Script, 'answer'>> & { readonly answer?: Answer };

/** A host of which one port is not as it should be. */
export interface Case {
  readonly name: string;
  readonly port: number;
  /** How that port differs from the good one; where `answer` gives undefined, the good one answers. */
  readonly change?: (certificates: Certificates) => Difference;
  readonly target?: (certificates: Certificates) => Partial<VerifyTarget>;
  /** Everything on this port that is not a pass: check, status, and words of its text. */
  readonly expected: readonly (readonly [string, Finding['status'], RegExp])[];
  /** The checks that pass, where the conversation does not reach its end. */
  readonly passes?: readonly string[];
}

/** Answers the command that contains `word`, before TLS or, with `secure`, inside it. */
export const onLine =
  (word: string, text: ReturnType<Script['answer']>, secure = false) =>
  (): Difference => ({
    answer: (line, inTls) => (inTls === secure && line.toUpperCase().includes(word) ? text : undefined),
  });

/** They need one whose password is known. */
const WITH_A_USER = ['login', 'mailbox', 'maildrop', 'send'];

export const checksOf = (port: number): string[] =>
  CHECKS.filter(
    ({ id, ports }) =>
      ![...WITH_A_USER, 'sni', 'revocation', 'tlsa', 'caa'].includes(id) && (ports as readonly number[]).includes(port),
  ).map(({ id }) => id);

export function runCases(cases: readonly Case[]): void {
  before(() => void certificates());
  for (const { name, port, change, target, expected, passes } of cases)
    it(`the probe reports ${expected.map(([check, status]) => `${check} ${status}`).join(', ') || 'no problem'}: ${name}`, async () => {
      const good = goodHost(certificates().good).get(port)!;
      const { answer, ...rest } = change?.(certificates()) ?? {};
      const script: Script = {
        ...good,
        ...rest,
        answer(line, secure) {
          const own = answer?.(line, secure);
          return own === undefined ? good.answer(line, secure) : own;
        },
      };
      const host = await start([[port, script]]);
      try {
        const findings = (await look(host, target?.(certificates()))).filter((one) => one.port === port);
        const others = findings.filter((one) => one.status !== 'pass');
        assert.deepEqual(
          others.map((one) => [one.check, one.status]),
          expected.map(([check, status]) => [check, status]),
        );
        others.forEach((one, index) => assert.match(one.text, expected[index]![2]));
        assert.deepEqual(
          findings.filter((one) => one.status === 'pass').map((one) => one.check),
          passes ?? checksOf(port).filter((id) => !expected.some(([check]) => check === id)),
        );
        // Whatever a server says, a report stays one printable line.
        for (const { text } of findings) assert.match(text, /^[\x20-\x7e…]{1,400}$/);
      } finally {
        stop(host);
      }
    });
}
