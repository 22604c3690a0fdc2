/**
 * The algorithms offered to a server. ssh2 also has SHA-1 (`ssh-rsa`, `hmac-sha1`), ChaCha20-Poly1305 and CBC. They are left
 * out: SHA-1 is broken, and a man in the middle can cut ChaCha20-Poly1305 and CBC at the start of a session without strict key
 * exchange (Terrapin, CVE-2023-48795). ssh2 has no post-quantum key exchange yet.
 */
export const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group14-sha256',
] as const;

export const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
] as const;

export const MACS = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
] as const;

const HOST_KEYS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

export type HostKeyAlgorithm = (typeof HOST_KEYS)[number];

/**
 * The host key algorithms, known types first: otherwise a host that is known by its RSA key would show its Ed25519 key and
 * look like another host.
 */
export function hostKeyAlgorithms(known: readonly string[]): HostKeyAlgorithm[] {
  const rank = (algorithm: HostKeyAlgorithm): number =>
    known.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm) ? 0 : 1;
  return [...HOST_KEYS].sort((a, b) => rank(a) - rank(b));
}
