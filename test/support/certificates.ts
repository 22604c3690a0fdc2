import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const DOMAIN = 'mx.example.test';

interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  readonly root: string;
  /** For DOMAIN, 90 days from today, issued by the root. */
  readonly good: Pair;
  /** As good, but another key: what a daemon still serves after a renewal it did not notice. */
  readonly older: Pair;
  readonly otherName: Pair;
  readonly wildcard: Pair;
  /** DOMAIN as common name only, without subject alternative names. */
  readonly commonName: Pair;
  readonly address: Pair;
  /** Lives for 6 days. */
  readonly brief: Pair;
  readonly selfSigned: Pair;
  /** Issued by an intermediate; `cert` holds the leaf alone. */
  readonly noIntermediate: Pair;
  readonly intermediate: string;
}

/** Makes the lot with the openssl command in a folder of its own, which is gone afterwards. */
export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'harden-mail-certificates-'));
  const make = (name: string, days: number, ca: string | null, ...more: string[]): Pair => {
    const path = (ending: string) => join(folder, name + ending);
    execFileSync(
      'openssl',
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          String(days),
        ],
        ...['-keyout', path('.key'), '-out', path('.pem')],
        ...(ca ? ['-CA', join(folder, `${ca}.pem`), '-CAkey', join(folder, `${ca}.key`)] : []),
        ...more,
      ],
      { stdio: 'pipe' },
    );
    return { cert: readFileSync(path('.pem'), 'latin1'), key: readFileSync(path('.key'), 'latin1') };
  };
  const leaf = (san: string) => [
    '-subj',
    '/CN=leaf',
    '-addext',
    `subjectAltName=${san}`,
    '-addext',
    'basicConstraints=critical,CA:FALSE',
  ];
  const authority = ['-addext', 'basicConstraints=critical,CA:TRUE'];
  try {
    return {
      root: make('root', 3650, null, '-subj', '/CN=Test root').cert,
      intermediate: make('intermediate', 3650, 'root', '-subj', '/CN=Test intermediate', ...authority).cert,
      good: make('good', 90, 'root', ...leaf(`DNS:${DOMAIN}`)),
      older: make('older', 90, 'root', ...leaf(`DNS:${DOMAIN}`)),
      otherName: make('other', 90, 'root', ...leaf('DNS:www.example.test')),
      wildcard: make('wildcard', 90, 'root', ...leaf('DNS:*.example.test')),
      commonName: make('cn', 90, 'root', '-subj', `/CN=${DOMAIN}`, '-addext', 'basicConstraints=critical,CA:FALSE'),
      address: make('address', 90, 'root', ...leaf('IP:198.18.0.2')),
      brief: make('brief', 6, 'root', ...leaf(`DNS:${DOMAIN}`)),
      selfSigned: make('self', 90, null, ...leaf(`DNS:${DOMAIN}`)),
      noIntermediate: make('leaf', 90, 'intermediate', ...leaf(`DNS:${DOMAIN}`)),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
