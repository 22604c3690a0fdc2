/** The files for mail clients, read by other parsers than ours: libxml2 and libplist. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientSettings } from '../../src/model/index.ts';
import { available, prepareMachine } from '../../src/lab/requirements.ts';
import { clientFiles } from '../../src/report/client-files.ts';

const SETTINGS: ClientSettings = {
  server: 'mx1.example.test',
  login: 'address',
  domains: ['example.test'],
  services: [
    { protocol: 'imap', port: 993, security: 'tls' },
    { protocol: 'imap', port: 143, security: 'starttls' },
    { protocol: 'pop3', port: 995, security: 'tls' },
    { protocol: 'smtp', port: 465, security: 'tls' },
    { protocol: 'smtp', port: 587, security: 'starttls' },
  ],
  refused: [],
};
/** No domain has such a name, and no file may break for it. */
const STRANGE = `a<b>&"c'.test`;

describe('files for mail clients, in libxml2 and libplist', () => {
  let folder: string;
  before(async function () {
    this.timeout(600_000); // The first time they are installed.
    if (!(await available()).ok) return this.skip();
    await prepareMachine(['libxml2-utils', 'libplist-utils']);
    folder = mkdtempSync(join(tmpdir(), 'harden-mail-client-files-'));
  });
  after(() => folder && rmSync(folder, { recursive: true }));

  function run(program: string, args: readonly string[]): string {
    const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
    assert.equal(error, undefined);
    assert.equal(status, 0, stderr);
    return stdout.trim();
  }
  const fileOf = (at: number, domain: string, settings = SETTINGS): string => {
    const file = clientFiles(settings, domain)[at]!;
    const path = join(folder, 'file.xml');
    writeFileSync(path, file.text);
    return path;
  };
  const query = (path: string, xpath: string): string => run('xmllint', ['--nonet', '--xpath', xpath, path]);

  for (const domain of ['example.test', STRANGE])
    for (const [at, name] of ['autoconfig', 'autodiscover', 'mobileconfig'].entries())
      it(`${name} for ${domain} is well-formed`, () => {
        run('xmllint', ['--noout', '--nonet', '--nowarning', fileOf(at, domain)]);
      });

  it('autoconfig has the domain and each service in its order', () => {
    const path = fileOf(0, STRANGE);
    assert.equal(query(path, 'string(/clientConfig[@version="1.1"]/emailProvider/domain)'), STRANGE);
    assert.equal(query(path, 'string(//incomingServer[1]/port)'), '993');
    assert.equal(query(path, 'string(//outgoingServer[2]/socketType)'), 'STARTTLS');
    assert.equal(query(path, 'count(//incomingServer)'), '3');
  });

  it('autodiscover has each element in its namespace', () => {
    const path = fileOf(1, 'example.test');
    const account = "/*[local-name()='Autodiscover']/*[local-name()='Response']/*[local-name()='Account']";
    assert.equal(query(path, `count(${account}/*[local-name()='Protocol'])`), '3');
    assert.match(query(path, `namespace-uri(${account})`), /outlook\/responseschema\/2006a$/);
  });

  it('mobileconfig is a property list, with the server and its ports', () => {
    const binary = join(folder, 'profile.plist');
    run('plistutil', ['-i', fileOf(2, STRANGE), '-o', binary, '-f', 'bin']);
    assert.equal(readFileSync(binary).subarray(0, 6).toString(), 'bplist');
    const back = run('plistutil', ['-i', binary, '-f', 'xml']);
    assert.match(back, /<key>IncomingMailServerPortNumber<\/key>\s*<integer>993<\/integer>/);
    assert.match(back, /<key>PayloadType<\/key>\s*<string>com\.apple\.mail\.managed<\/string>/);
  });

  it('mobileconfig of a host with POP3 alone is of the type POP', () => {
    const services = SETTINGS.services.filter(({ protocol }) => protocol !== 'imap');
    const path = fileOf(2, 'example.test', { ...SETTINGS, services });
    assert.match(readFileSync(path, 'utf8'), /<string>EmailTypePOP<\/string>/);
  });
});
