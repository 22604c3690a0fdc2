/** RevokedHostKeys of the ssh configuration: public keys, one a line, or a KRL, which ssh-keygen reads. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { HardenMailError } from '../model/errors.ts';
import { decodeKey, keyType } from './known-hosts.ts';

const KRL_MAGIC = 'SSHKRL\n\0';

/**
 * Does this file revoke the key?
 * @throws HardenMailError USAGE if the file cannot be evaluated: as in ssh, no key is accepted then
 */
export async function isRevoked(file: string, key: Buffer): Promise<boolean> {
  const text = await readFile(file, 'latin1').catch((error: Error) => {
    throw untold(file, error.message);
  });
  if (text.startsWith(KRL_MAGIC)) return askKeygen(file, key);
  return text.split('\n').some((line) => {
    const [type = '', base64 = ''] = line.trim().split(/[ \t]+/);
    return decodeKey(type, base64)?.equals(key) === true;
  });
}

function askKeygen(file: string, key: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // Through a pipe: Node gives a child a socket as standard input, and /dev/stdin cannot open a socket.
    const ask = ['-c', 'cat | ssh-keygen -Q -f "$1" /dev/stdin', 'sh', file];
    const child = execFile('sh', ask, (error, stdout, stderr) => {
      if (error === null) return resolve(false);
      if (/: REVOKED\s*$/.test(stdout)) return resolve(true);
      reject(untold(file, stderr.trim() || error.message));
    });
    child.stdin?.on('error', () => {}); // ssh-keygen may end before it has read its input.
    child.stdin?.end(`${keyType(key)} ${key.toString('base64')}\n`);
  });
}

function untold(file: string, why: string): HardenMailError {
  return new HardenMailError(
    'USAGE',
    `RevokedHostKeys ${file} cannot be used: ${why}`,
    'Correct the file or the setting in the ssh configuration: no host key is accepted while the file cannot be read.',
  );
}
