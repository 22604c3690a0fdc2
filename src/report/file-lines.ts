import type { Change } from '../model/index.ts';

export const FILE_FATES = ['new', 'changed', 'removed'] as const;

/** The change to a file, in a few words. */
export function wasOf({ before, after }: Pick<Change, 'before' | 'after'>): (typeof FILE_FATES)[number] {
  if (before === null) return 'new';
  return after === null ? 'removed' : 'changed';
}

/**
 * One line in place of a diff that tells nothing more: `new: /etc/letsencrypt/renewal-hooks/deploy/harden-mail, 39 lines`. Null
 * for a file whose diff is shown.
 * @param full the user wants new and removed files too; a file of certificates stays one line, because nobody reads it
 */
export function fileLine(change: Change, full: boolean): string | null {
  const was = wasOf(change);
  const text = change.after ?? change.before ?? '';
  const isPem = text.includes('-----BEGIN CERTIFICATE-----');
  if (was === 'changed' ? !isPem : full && !isPem) return null;
  const lines = text.split('\n').length - (text.endsWith('\n') || text === '' ? 1 : 0);
  return `${was}: ${change.path}, ${lines} ${lines === 1 ? 'line' : 'lines'}${isPem ? ' of certificates' : ''}`;
}
