import { createSecureContext, type SecureContext } from 'node:tls';

const TLS13 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/** The native part of a context, without a type in Node's own declarations. */
interface Inside {
  readonly context: { addCACert(pem: string): void };
}

/** Contexts by roots, for many hosts. */
const contexts = new Map<string, SecureContext>();

/**
 * A context that trusts Node's own roots and the given ones; those of NODE_EXTRA_CA_CERTS where none is given. Node's option `ca`
 * replaces its own roots, and to give it all 150 of them takes 25 ms in place of 2.
 * @param trust PEM; text that is not PEM adds nothing
 */
export function contextFor(trust: readonly string[]): SecureContext {
  const known = contexts.get(trust.join());
  if (known) return known;
  const context = createSecureContext({
    // Old versions are offered too: an outdated server is then reported as such, not as "handshake failed".
    minVersion: 'TLSv1',
    ciphers: `${TLS13}:DEFAULT@SECLEVEL=0`,
  });
  for (const pem of trust) (context as unknown as Inside).context.addCACert(pem);
  contexts.set(trust.join(), context);
  return context;
}
