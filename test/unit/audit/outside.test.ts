/** What `npm run audit:outside` takes for a fault: it must be able to end badly. */
import assert from 'node:assert/strict';
import { compare } from '../../../scripts/outside/compare.ts';
import type { Seen } from '../../../scripts/outside/look.ts';
import { merge } from '../../../scripts/outside/kept.ts';
import { faultsOf, worst } from '../../../scripts/outside/verdict.ts';

const GOOD: Seen = {
  ...{ release: 'bookworm', host: 'strict', port: 25, tool: 'testssl', date: '2026-11-28', seconds: 1 },
  ...{ items: 9, suites: 6, remarks: [], differences: [] },
};
const said = (severity: Seen['remarks'][number]['severity'], id = 'some'): Partial<Seen> => ({
  remarks: [{ severity, id, text: 'text' }],
});

describe('audit:outside: what is a fault', () => {
  for (const [name, more, fault] of [
    ['nothing', {}, null],
    ['what the tool says of itself', said('WARN'), null],
    ['LOW with a reason', said('LOW', 'LUCKY13'), null],
    ['LOW without one', said('LOW'), /LOW some/],
    ['MEDIUM, whatever its name', said('MEDIUM', 'LUCKY13'), /MEDIUM LUCKY13/],
    ['MEDIUM on a host that is not strict', { ...said('MEDIUM'), host: 'standard' }, null],
    ['a scan that ended early', said('FATAL'), /FATAL/],
    ['no suite at all', { suites: 0, host: 'stock' }, /no suite/],
    ['a grade below A', { tool: 'nmap', grade: 'B' }, /least strength: B/],
    ['no grade', { tool: 'nmap' }, /least strength: none/],
    ['grade A', { tool: 'nmap', grade: 'A' }, null],
    ['a difference', { host: 'stock', differences: [{ only: 'ours', item: 'version TLS 1.0' }] }, /only ours: version/],
  ] as const)
    it(name, () => {
      const faults = faultsOf({ ...GOOD, ...more });
      if (fault === null) assert.deepEqual(faults, []);
      else assert.match(faults.join(), fault);
    });

  it('the worst word, where the tool’s own troubles do not count', () => {
    const all = (['LOW', 'WARN', 'HIGH', 'MEDIUM'] as const).map((severity) => ({ severity, id: '', text: '' }));
    assert.equal(worst(all), 'HIGH');
    assert.equal(worst(all.slice(1, 2)), 'OK');
  });
});

describe('audit:outside: item by item', () => {
  const ours = ['version TLS 1.2', 'suite TLS 1.2 c02f', 'key RSA 2048', 'signature sha256WithRSAEncryption'];

  it('what a tool tells nothing about is not held against it', () => {
    assert.deepEqual(compare(ours, ours.slice(0, 2)), []);
  });

  it('but versions and suites always are, in both directions', () => {
    assert.deepEqual(compare(ours, ['key RSA 1024', 'suite TLS 1.2 002f']), [
      { only: 'ours', item: 'version TLS 1.2' },
      { only: 'ours', item: 'suite TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' },
      { only: 'ours', item: 'key RSA 2048' },
      { only: 'theirs', item: 'key RSA 1024' },
      { only: 'theirs', item: 'suite TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA' },
    ]);
  });

  it('a new look takes the place of the old one, and of no other', () => {
    const newer = { ...GOOD, date: '2026-11-29' };
    assert.deepEqual(merge([GOOD, { ...GOOD, port: 993 }], [newer]), [newer, { ...GOOD, port: 993 }]);
  });
});
