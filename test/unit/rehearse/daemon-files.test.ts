import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { changedFiles, DAEMON_FILES, parseDaemonFiles } from '../../../src/rehearse/daemon-files.ts';
import { fileDiffs } from '../../../src/run/rehearsal/act-notes.ts';

const output = (files: Readonly<Record<string, string>>): string =>
  [
    ...Object.entries(files).map(([path, text]) => `${Buffer.byteLength(text)} 644 root:root ${path}`),
    '',
    Buffer.from(Object.values(files).join('')).toString('base64'),
  ].join('\n');

describe('rehearse: the files that an act changes', () => {
  it('each file has its own bytes, mode and owner, and a file with a private key is left out', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n';
    const files = parseDaemonFiles(output({ '/etc/postfix/main.cf': 'a = ä\n', '/etc/dovecot/private/own.key': key, '/etc/dovecot/empty': '' })); // oxfmt-ignore
    assert.deepEqual(Object.keys(files), ['/etc/postfix/main.cf', '/etc/dovecot/empty']);
    const [main] = Object.values(files);
    assert.deepEqual(main, { mode: '0644', owner: 'root:root', bytes: Buffer.from('a = ä\n').toString('latin1') });
    assert.deepEqual(parseDaemonFiles(''), {});
    assert.deepEqual(parseDaemonFiles('\n\n'), {});
  });

  it('the diffs name new, changed and removed files, and no other', () => {
    const before = parseDaemonFiles(output({ '/a': 'same\n', '/b': 'old\n', '/c': 'gone\n' }));
    const after = parseDaemonFiles(output({ '/a': 'same\n', '/b': 'new\n', '/d': 'fresh\n' }));
    assert.deepEqual(changedFiles(before, after), ['/b', '/c', '/d']);
    const [changed, removed, fresh] = fileDiffs(before, after);
    assert.match(changed?.diff ?? '', /^-old\n\+new$/m);
    assert.deepEqual([removed?.mode, fresh?.mode], [null, '0644']);
    assert.match(fresh?.diff ?? '', /^--- \/dev\/null/m);
  });

  it('a shell understands the script that reads them', () => {
    assert.equal(spawnSync('sh', ['-n'], { input: DAEMON_FILES }).status, 0);
  });
});
