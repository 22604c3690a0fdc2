import { HardenMailError } from '../model/errors.ts';
import { PATHS, type Bytes, type Change, type Transaction } from '../model/index.ts';
import type { Remote } from '../remote/remote.ts';
import { scriptText } from '../remote/scripts.ts';

/** The host's journal, newest transaction first. One exec, read-only. */
export async function readHistory(remote: Remote): Promise<Transaction[]> {
  const { code, stdout, stderr } = await remote.run(scriptText('commit/history.sh'), {
    name: 'history',
    intent: 'read',
  });
  if (code !== 0) {
    throw new HardenMailError('REMOTE_FAILED', `the journal of ${remote.name} cannot be read: ${stderr.toString().trim()}`, `Look into ${PATHS.JOURNAL} on the host.`); // oxfmt-ignore
  }
  return parseHistory(stdout.toString('latin1'));
}

type Apt = 'installed' | 'removed';

export function parseHistory(text: string): Transaction[] {
  const transactions: (Omit<Transaction, 'changes' | Apt> & { changes: Change[] } & { [K in Apt]?: string[] })[] = [];
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.split(' ');
    if (word === 'tx') {
      const [id = '', state = '', who = '', reason = ''] = rest;
      transactions.push({
        id,
        state,
        who: decode(who)?.trim() ?? '',
        reason: decode(reason)?.trim() ?? '',
        changes: [],
      });
    } else if (word === 'apt') {
      for (const said of (decode(rest[0] ?? '') ?? '').split('\n')) {
        const [, what, name] = /^(installed|removed) (\S+)$/.exec(said) ?? [];
        const last = transactions.at(-1);
        if (last && what !== undefined && name !== undefined) (last[what as Apt] ??= []).push(name);
      }
    } else if (word === 'file') {
      const [, mode = '', owner = '', path = '', sha256 = '', before = '-', after = '-'] = rest;
      transactions.at(-1)?.changes.push({
        path,
        target: path,
        before: decode(before),
        after: decode(after),
        sha256: sha256 === '-' ? '' : sha256,
        mode,
        owner,
      });
    }
  }
  return transactions.reverse();
}

/** Base64 to bytes; null for a file that did not exist. An empty file is an empty word. */
function decode(word: string): Bytes | null {
  return word === '-' ? null : Buffer.from(word, 'base64').toString('latin1');
}
