import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificates } from './host.ts';

/** A process of its own, because Node chooses its own roots at its start: a server, and a client that says whether it trusts it. */
const PROGRAM = `
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:tls';
import { contextFor } from ${JSON.stringify(new URL('../../../src/verify/roots.ts', import.meta.url).href)};
const { cert, key, trust } = JSON.parse(readFileSync(0, 'utf8'));
const server = createServer({ cert, key }).listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const socket = connect({ port, host: '127.0.0.1', secureContext: contextFor(trust), rejectUnauthorized: false, checkServerIdentity: () => {} });
  socket.once('secureConnect', () => { console.log(socket.authorized); process.exit(); });
});`;

/** @param own replaces Node's own roots */
function isTrusted(trust: readonly string[], own?: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-roots-'));
  try {
    const file = join(folder, 'own.pem');
    writeFileSync(file, own ?? '');
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [...(own === undefined ? [] : ['--use-openssl-ca']), '--import', 'tsx', '--input-type=module', '-e', PROGRAM],
      {
        encoding: 'utf8',
        input: JSON.stringify({ ...certificates().good, trust }),
        env: { ...process.env, SSL_CERT_FILE: file },
      },
    );
    assert.match(stdout, /^(true|false)\n$/, stderr);
    return stdout === 'true\n';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('verify: the roots that a certificate may lead to', () => {
  const roots = () => ({ root: certificates().root, other: certificates().selfSigned.cert });

  it('a root that was given is trusted', () => assert.equal(isTrusted([roots().root]), true));
  it('Node’s own roots are trusted beside one that was given', () => {
    assert.equal(isTrusted([roots().other], roots().root), true);
  });
  it('text that is not PEM adds nothing', () => assert.equal(isTrusted(['not PEM', roots().root]), true));
  it('no other root is trusted', () => assert.equal(isTrusted([roots().other]), false));
});
