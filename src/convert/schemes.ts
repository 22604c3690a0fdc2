import type { Converted } from './conversion.ts';

/** Weak schemes of stored passwords: 2.4 accepts them only if allowed (2.4 documentation, "Password schemes"). */
const WEAK =
  /^(LM|LANMAN|NTLM|MD5|MD5-CRYPT|PLAIN-MD5|LDAP-MD5|SMD5|HMAC-MD5|CRAM-MD5|DIGEST-MD5|SHA|SHA1|SSHA|DES-CRYPT|RPA|SKEY|OTP|PLAIN-MD4)(\.\w+)?$/i;

/** `default_pass_scheme`: a weak one stays allowed, otherwise no user could log in. */
export function schemes(value: string): Converted {
  const line = `passdb_default_password_scheme = ${value}`;
  return { lines: WEAK.test(value) ? [line, 'auth_allow_weak_schemes = yes'] : [line] };
}

export const isWeak = (scheme: string): boolean => WEAK.test(scheme);
