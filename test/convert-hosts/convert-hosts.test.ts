/** Configurations of Dovecot 2.3 with users and mail, converted on hosts with 2.4: every session is as before. */

import assert from 'node:assert/strict';
import type { LabHost } from '../../src/lab/lab.ts';
import { compare } from './compare.ts';
import type { Comparison } from './compare.ts';
import { bootFor, configurations, readConfiguration, releases } from '../support/convert-hosts/pair.ts';

/** `all`, or names with commas between; without it those that are a sample. */
const WISH = process.env['HARDEN_MAIL_CONVERT_HOSTS'];

const wanted = configurations().filter((name) =>
  WISH === undefined || WISH === '' ? readConfiguration(name).sample : WISH === 'all' || WISH.split(',').includes(name),
);

describe('configurations of Dovecot 2.3, converted on hosts with 2.4', () => {
  let old: LabHost;
  let hosts: LabHost[];
  before(async function () {
    this.timeout(0);
    [old, ...hosts] = await Promise.all([
      bootFor('bookworm', 'mx1.convert.test'),
      ...releases().map((release, n) => bootFor(release, `mx${n + 2}.convert.test`)),
    ]);
  });
  after(async () => {
    await Promise.all([old?.stop(), ...(hosts ?? []).map((host) => host.stop())]);
  });

  for (const name of wanted) {
    const { description, refused } = readConfiguration(name);
    describe(`${description} (${name})`, () => {
      let found: Comparison;
      before(async () => {
        found = await compare(old, hosts, name);
      });
      for (const release of releases()) {
        const title = refused === undefined ? 'every session is as before' : 'apply says what it cannot convert';
        it(`${title}: ${name} on ${release}`, () => {
          const { outcome, differences } = found.results.get(release)!;
          assert.deepEqual(found.broken, []);
          assert.equal(outcome.code, refused === undefined ? 0 : 1, outcome.stdout + outcome.stderr);
          if (refused !== undefined) assert.match(outcome.stdout, new RegExp(refused));
          assert.deepEqual(differences, []);
        });
      }
    });
  }
});
