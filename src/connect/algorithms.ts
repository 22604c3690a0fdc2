/**
 * What is offered to a server. Left out, though ssh2 has them: SHA-1 (`ssh-rsa`, `hmac-sha1`), and ChaCha20-Poly1305 and
 * CBC, which a man in the middle can cut at the start of a session where strict key exchange is missing (Terrapin,
 * CVE-2023-48795). Post-quantum key exchange is not there yet in ssh2.
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
 * The host key algorithms, those of the known keys first: else a host known by its RSA key would show its Ed25519 key
 * and look like another one.
 */
export function hostKeyAlgorithms(known: readonly string[]): HostKeyAlgorithm[] {
  const rank = (algorithm: HostKeyAlgorithm): number =>
    known.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm) ? 0 : 1;
  return [...HOST_KEYS].sort((a, b) => rank(a) - rank(b));
}
