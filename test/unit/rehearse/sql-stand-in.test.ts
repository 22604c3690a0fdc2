import assert from 'node:assert/strict';
import { StandIn } from '../../../src/rehearse/sql-stand-in.ts';
import type { Dialect } from '../../../src/rehearse/sql-writer.ts';

const WANTED: Readonly<Record<string, readonly string[]>> = {
  user: ['r@one.test'],
  password: ['{SHA512-CRYPT}$6$x', '{PLAIN}pw'],
  home: ['/var/vmail/one.test/r'],
  mail: ['maildir:/var/vmail/one.test/r'],
  uid: ['5000'],
};

function made(dialect: Dialect, ...texts: readonly string[]): string {
  const queries = texts.map((text) => ({ text, fills: true, wants: (name: string) => WANTED[name] ?? [] }));
  return new StandIn(dialect, queries, '/var/vmail').statements().join('\n');
}

describe('rehearse: the database that answers a host’s queries for one user', () => {
  it('has the tables and columns of the queries, and a row for which each condition holds', () => {
    assert.equal(
      made(
        'mysql',
        "SELECT password FROM users WHERE login = 'r@one.test' AND active = 1 AND kind IN ('mail', 'all') AND blocked <> 'Y'",
      ),
      'CREATE TABLE `users` (`password` VARCHAR(255), `login` VARCHAR(255), `active` BIGINT, `kind` VARCHAR(255), `blocked` VARCHAR(255));\n' +
        "INSERT INTO `users` (`password`, `login`, `active`, `kind`, `blocked`) VALUES ('{SHA512-CRYPT}$6$x', 'r@one.test', '1', 'mail', 'N');",
    );
  });

  it('gives parts of a result that CONCAT or || puts together values with which the result is what is wanted', () => {
    assert.match(
      made(
        'mysql',
        "SELECT CONCAT(home_base, '/', maildir) AS home FROM u WHERE CONCAT(name, '@', domain) = 'r@one.test'",
      ),
      /VALUES \('\/var\/vmail\/one\.test', 'r', 'r', 'one\.test'\)/,
    );
    assert.match(
      made('pgsql', "SELECT '{PLAIN}' || clear AS password FROM u WHERE name = 'r'"),
      /VALUES \('pw', 'r'\)/,
    );
  });

  it('gives columns that must be equal one value, in joins and in a SELECT inside of a condition', () => {
    const joined = made(
      'mysql',
      "SELECT u.password FROM users u JOIN domains d ON u.domain_id = d.id WHERE u.local = 'r' AND d.name = 'one.test'",
    );
    assert.match(joined, /INSERT INTO `users` .*'1', 'r'\);/);
    assert.match(joined, /INSERT INTO `domains` \(`id`, `name`\) VALUES \('1', 'one\.test'\);/);
    const nested = made(
      'sqlite',
      "SELECT mail FROM users WHERE domain = (SELECT name FROM domains WHERE alias = 'one.test')",
    );
    assert.match(
      nested,
      /INSERT INTO "domains" \("name", "alias"\) VALUES \('.+', 'one\.test'\)|INSERT INTO "domains" \("alias"\)/,
    );
  });

  it('puts nothing into a table in which nothing must be found', () => {
    const text = made(
      'mysql',
      "SELECT password FROM u WHERE name = 'r' AND NOT EXISTS (SELECT 1 FROM blocked WHERE blocked.name = 'r')",
    );
    assert.match(text, /CREATE TABLE `blocked`/);
    assert.doesNotMatch(text, /INSERT INTO `blocked`/);
  });

  it('gives columns of PostgreSQL the types with which the conditions are valid', () => {
    assert.equal(
      made(
        'pgsql',
        "SELECT password FROM u WHERE name = 'r' AND active AND quota * 1024 > 0 AND expires > NOW() AND Level >= 3",
      ).split('\n')[0],
      'CREATE TABLE "u" ("password" TEXT, "name" TEXT, "active" BOOLEAN, "quota" TEXT, "expires" TIMESTAMPTZ, "level" BIGINT);',
    );
  });

  it('a query with hostile text costs little time', () => {
    const began = process.cpuUsage();
    made('mysql', `SELECT ${'(('.repeat(5000)} FROM ${'a,'.repeat(5000)} WHERE ${'x = y AND '.repeat(5000)}`);
    made(
      'mysql',
      `SELECT CONCAT(${'a, '.repeat(500)}b) AS home FROM ${'t JOIN '.repeat(400)} u WHERE ${'x = y AND '.repeat(50)} 1`,
    );
    const { user, system } = process.cpuUsage(began);
    assert.ok(user + system < 2_000_000, `${user + system} µs`);
  });
});
