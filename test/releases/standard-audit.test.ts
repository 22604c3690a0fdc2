/** The audit of a host with the profile standard, on each release: nothing of high weight, and what the plan has said before. */
import assert from 'node:assert/strict';
import type { Finding, Grade, Left } from '../../src/model/index.ts';
import { lab, type LabHost } from '../../src/lab/lab.ts';
import { RELEASES, type ReleaseName } from '../../src/lab/images.ts';
import { hardenMail, issuedBy, to } from '../support/cli.ts';

for (const release of Object.keys(RELEASES) as ReleaseName[])
  describe(`the audit of standard on Debian ${release}`, function () {
    this.timeout(600_000);
    let host: LabHost;
    let findings: readonly Finding[];
    let left: readonly Left[];
    let grade: Grade;

    before(async () => {
      host = await lab.host({ release, mail: true });
      const flags = await issuedBy(await lab.acme());
      const applied = await hardenMail(['apply', '--yes', '--json', ...to(host), ...flags]);
      assert.equal(applied.code, 0, applied.stderr + applied.stdout);
      left = (JSON.parse(applied.stdout) as { hosts: [{ plan: { left: Left[] } }] }).hosts[0].plan.left;
      const ca = flags.slice(flags.indexOf('--ca'), flags.indexOf('--ca') + 2);
      const { code, stdout, stderr } = await hardenMail(['verify', '--audit', '--json', ...to(host), ...ca]);
      assert.equal(code, 0, stderr);
      ({ findings, grade } = (JSON.parse(stdout) as { hosts: [{ findings: Finding[]; grade: Grade }] }).hosts[0]);
    });
    after(() => host.stop());

    it('the audit finds nothing of severity high or medium', () => {
      const bad = findings.filter(({ weight }) => weight?.severity === 'high' || weight?.severity === 'medium');
      assert.deepEqual(bad, []);
    });

    it('the grade is B, and strict would raise it to A', () => {
      assert.deepEqual([grade.grade, grade.next], ['B', 'A']);
      assert.deepEqual(
        grade.steps.map(({ profile }) => profile),
        ['strict'],
      );
    });

    it('the checks of severity low are those that the plan named as left', () => {
      const low = findings.filter(({ weight }) => weight?.severity === 'low').map(({ check }) => check);
      assert.deepEqual([...new Set(low)].sort(), [...new Set(left.map(({ check }) => check))].sort());
    });
  });
