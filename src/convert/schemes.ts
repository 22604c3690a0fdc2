/** Schemes of stored passwords (2.4 documentation, "Password schemes"; those that it refuses were tried with 2.4.1 and 2.4.5). */
import { own, type Block } from './blocks.ts';
import type { Converted, Scope } from './conversion.ts';
import { passwordsOf } from './passwd-file.ts';

/** `default_pass_scheme` */
export const schemes = (value: string): Converted => ({ lines: [`passdb_default_password_scheme = ${value}`] });

/** 2.4 refuses passwords in these unless weak schemes are allowed. SHA1, SSHA and the like are none of them. */
const WEAK = /^(DES-CRYPT|MD5|MD5-CRYPT|SMD5|LDAP-MD5|PLAIN-MD4|PLAIN-MD5|HMAC-MD5|DIGEST-MD5)$/;

/**
 * Does this passdb compare stored passwords in schemes that 2.4 calls weak, also where the password itself names its scheme? Such users log in as
 * before only if weak schemes are allowed, and only at the top: within the block 2.4 ignores it. The gatherer counts the schemes of a passwd-file on
 * the host; those in a database or behind a script cannot be seen.
 */
export function needsWeakSchemes(block: Block, scope: Scope): boolean {
  if (block.type !== 'passdb' || own(block, 'deny') === 'yes') return false;
  const args = own(block, 'args') ?? '';
  switch (own(block, 'driver')) {
    case 'sql':
    case 'lua':
      return true;
    case 'ldap':
      // Where Dovecot binds as the user, the server compares them.
      return !/^\s*auth_bind\s*=\s*(yes|y|1|true)\b/im.test(scope.files[args] ?? '');
    case 'passwd-file':
      return isWeakFile(block, scope);
    case 'static':
      return WEAK.test(/(?:^|\s)password=\{([\w-]+)[^}]*\}/.exec(args)?.[1]?.toUpperCase() ?? '');
    default:
      return false;
  }
}

/** The gatherer's words: `{SSHA}`, `{CRYPT}$1`, `{}des` without a scheme; `{*}` counts all. No word: it has not seen the file. */
function isWeakFile(block: Block, { userFields }: Scope): boolean {
  const { scheme, path } = passwordsOf(block);
  const words = userFields(path).flatMap(({ name }) => (name.startsWith('{') ? [name] : []));
  if (!words.includes('{*}')) return true;
  return words.some((word) => {
    const [, named = '', kind = ''] = /^\{([^}]*)\}(.*)$/.exec(word) ?? [];
    const is = named === '' ? scheme : named;
    // The libc tells what a hash is: `$1$` is MD5.
    return is === 'CRYPT' ? kind === 'des' || kind === '$1' : is === '?' || WEAK.test(is);
  });
}

export const ALLOW_WEAK = 'auth_allow_weak_schemes = yes';
