/** Schemes of stored passwords (2.4 documentation, "Password schemes"). */
import { own, type Block } from './blocks.ts';
import type { Converted, Scope } from './conversion.ts';

/** `default_pass_scheme` */
export const schemes = (value: string): Converted => ({ lines: [`passdb_default_password_scheme = ${value}`] });

/**
 * Does this passdb compare stored passwords? 2.4 refuses those in schemes that it calls weak (MD5, SHA1, …), also where the password itself names
 * its scheme. Such users log in as before only if weak schemes are allowed, and only at the top: within the block 2.4 ignores it.
 */
export function storesPasswords(block: Block, { files }: Scope): boolean {
  const driver = own(block, 'driver') ?? '';
  if (block.type !== 'passdb' || !/^(sql|ldap|passwd-file)$/.test(driver) || own(block, 'deny') === 'yes') return false;
  // Where Dovecot binds as the user, the server compares them.
  return driver !== 'ldap' || !/^\s*auth_bind\s*=\s*(yes|y|1|true)\b/im.test(files[own(block, 'args') ?? ''] ?? '');
}

export const ALLOW_WEAK = 'auth_allow_weak_schemes = yes';
