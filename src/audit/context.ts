import type { SecureContext } from 'node:tls';
import { createSecureContext } from 'node:tls';

/** Node drops TLS 1.3 if these names are not in the list. */
const TLS13 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

const contexts = new Map<string, SecureContext>();

/** Accepts every version and suite that Node's OpenSSL still supports. The audit does not check trust: verify does. */
export function contextUpTo(maxVersion: 'TLSv1.2' | 'TLSv1.3'): SecureContext {
  const known = contexts.get(maxVersion);
  if (known) return known;
  const made = createSecureContext({
    minVersion: 'TLSv1',
    maxVersion,
    ciphers: `${TLS13}:ALL:COMPLEMENTOFALL:@SECLEVEL=0`,
  });
  contexts.set(maxVersion, made);
  return made;
}
