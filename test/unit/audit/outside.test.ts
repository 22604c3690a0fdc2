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

describe('audit:outside: faults', () => {
  for (const [name, more, fault] of [
    ['a scan without remarks', {}, null],
    ['a remark of the tool about itself', said('WARN'), null],
    ['a LOW remark with a recorded reason', said('LOW', 'LUCKY13'), null],
    ['a LOW remark without a reason', said('LOW'), /LOW some/],
    ['a MEDIUM remark, whatever its name,', said('MEDIUM', 'LUCKY13'), /MEDIUM LUCKY13/],
    ['a MEDIUM remark on a host that is not strict', { ...said('MEDIUM'), host: 'standard' }, null],
    ['a scan that ended early', said('FATAL'), /FATAL/],
    ['a scan without any suite', { suites: 0, host: 'stock' }, /no suite/],
    ['a grade below A', { tool: 'nmap', grade: 'B' }, /least strength: B/],
    ['a missing grade', { tool: 'nmap' }, /least strength: none/],
    ['grade A', { tool: 'nmap', grade: 'A' }, null],
    [
      'a difference between the tool and the audit',
      { host: 'stock', differences: [{ only: 'ours', item: 'version TLS 1.0' }] },
      /only ours: version/,
    ],
  ] as const)
    it(`${name} is ${fault === null ? 'no fault' : 'a fault'}`, () => {
      const faults = faultsOf({ ...GOOD, ...more });
      if (fault === null) assert.deepEqual(faults, []);
      else assert.match(faults.join(), fault);
    });

  it('the worst severity ignores troubles of the tool itself', () => {
    const all = (['LOW', 'WARN', 'HIGH', 'MEDIUM'] as const).map((severity) => ({ severity, id: '', text: '' }));
    assert.equal(worst(all), 'HIGH');
    assert.equal(worst(all.slice(1, 2)), 'OK');
  });
});

describe('audit:outside: comparison item by item', () => {
  const ours = ['version TLS 1.2', 'suite TLS 1.2 c02f', 'key RSA 2048', 'signature sha256WithRSAEncryption'];

  it('a kind of item that the tool does not report is no difference', () => {
    assert.deepEqual(compare(ours, ours.slice(0, 2)), []);
  });

  it('a version or suite that one side lacks is a difference, and so is an item that both sides report differently', () => {
    assert.deepEqual(compare(ours, ['key RSA 1024', 'suite TLS 1.2 002f']), [
      { only: 'ours', item: 'version TLS 1.2' },
      { only: 'ours', item: 'suite TLS 1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' },
      { only: 'ours', item: 'key RSA 2048' },
      { only: 'theirs', item: 'key RSA 1024' },
      { only: 'theirs', item: 'suite TLS 1.2 TLS_RSA_WITH_AES_128_CBC_SHA' },
    ]);
  });

  it('a new result replaces the old result of the same scan, and no other result', () => {
    const newer = { ...GOOD, date: '2026-11-29' };
    assert.deepEqual(merge([GOOD, { ...GOOD, port: 993 }], [newer]), [newer, { ...GOOD, port: 993 }]);
  });
});
