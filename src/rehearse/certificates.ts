/**
 * Pairs of the same names, key types and dates as the host's, issued on the copy by an authority of the rehearsal: a script for
 * the copy. The host's private keys are not needed.
 */
import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { quote } from '../formats/text/shell-quote.ts';
import { selfSigned } from '../x509/chain.ts';
import type { CapturedPem } from './capture.ts';

/** Folder on the copy; the script prints the certificate of the authority, and removes the folder. */
const WORK = '/root/rehearsal-ca';

export interface Issuing {
  /** Runs as root on the copy; prints the authority's certificate and each self-signed one, PEM. */
  readonly script: string;
  /** Differences of the copy's certificates. */
  readonly notes: readonly string[];
}

/** @param roots subjects of authorities that the run trusts: they sign without an intermediate certificate */
export function issuing(pems: readonly CapturedPem[], roots: ReadonlySet<string>): Issuing {
  const names = new Names();
  const notes: string[] = [];
  const steps: string[] = [];
  const leaves = new Map<string, string>();
  const makeKey = (spki: string): string => names.of('key', spki, (name) => steps.push(keyStep(name, publicKey(spki))));
  const makeIssuer = (subject: string): string =>
    names.of('issuer', subject, (name) => steps.push(`authority ${name} ${quote(subjectArgument(subject))}`));
  const makeLeaf = (certificate: X509Certificate): string => {
    const found = leaves.get(certificate.fingerprint256);
    if (found !== undefined) return found;
    const name = `leaf${leaves.size}`;
    leaves.set(certificate.fingerprint256, name);
    const key = makeKey(spkiOf(certificate));
    const issuer = selfSigned(certificate)
      ? '-'
      : roots.has(certificate.issuer)
        ? 'root'
        : makeIssuer(certificate.issuer);
    const dates = [certificate.validFrom, certificate.validTo].map(asn1Time).join(' ');
    steps.push(`issue ${name} ${key} ${issuer} ${dates} ${quote(subjectArgument(certificate.subject))} ${quote(extensions(certificate))}`); // oxfmt-ignore
    return name;
  };
  const files = pems.map((pem) => {
    const certificates = pem.certificates.flatMap((text) => certificateIn(text) ?? []);
    const parts = certificates.map((one, index) => {
      const before = certificates[index - 1];
      if (before && before.issuer === one.subject)
        return `${roots.has(before.issuer) ? 'root' : makeIssuer(before.issuer)}.crt`;
      return one.ca && index > 0 ? `${makeIssuer(one.subject)}.crt` : `${makeLeaf(one)}.crt`;
    });
    const keys = pem.keys.map((key) => (key === null ? null : `${makeKey(key)}.key`));
    if (keys.includes(null))
      notes.push(`the key in ${pem.path} could not be recognized: the copy has an RSA key there`);
    const all = [...keys.map((key) => key ?? `${names.of('key', pem.path, (name) => steps.push(`openssl genrsa -out ${name}.key 2048`))}.key`), ...parts]; // oxfmt-ignore
    const [user = 'root', group = 'root'] = pem.owner.split(':');
    return `place ${quote(pem.path)} ${quote(pem.link ?? '')} ${quote(pem.mode)} ${quote(user)} ${quote(group)} ${all.join(' ')}`;
  });
  return { script: [HEAD, ...steps, ...files, TAIL].join('\n'), notes };
}

class Names {
  private readonly names = new Map<string, string>();

  of(prefix: string, value: string, make: (name: string) => void): string {
    const id = `${prefix} ${value}`;
    const known = this.names.get(id);
    if (known !== undefined) return known;
    const name = `${prefix}${this.names.size}`;
    this.names.set(id, name);
    make(name);
    return name;
  }
}

function certificateIn(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

function publicKey(pem: string): KeyObject {
  return createPublicKey(pem);
}

function spkiOf(certificate: X509Certificate): string {
  return certificate.publicKey.export({ type: 'spki', format: 'pem' }).toString().trim();
}

function keyStep(name: string, key: KeyObject): string {
  const { modulusLength = 2048, namedCurve = 'prime256v1' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ec':
      return `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:${namedCurve} -out ${name}.key`;
    case 'ed25519':
    case 'ed448':
      return `openssl genpkey -algorithm ${key.asymmetricKeyType} -out ${name}.key`;
    default:
      return `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:${modulusLength} -out ${name}.key`;
  }
}

/** `CN=a\nO=b`, as Node prints a name, in the form of openssl's -subj. */
function subjectArgument(subject: string): string {
  const parts = subject.split('\n').filter(Boolean);
  return parts.length === 0 ? '/' : parts.map((part) => `/${part.replace(/[/+\\]/g, '\\$&')}`).join('');
}

/** `Feb 3 04:05:06 2026 GMT` as `20260203040506Z`. */
function asn1Time(text: string): string {
  return new Date(text).toISOString().replace(/\.\d+|[-:T]/g, '');
}

function extensions(certificate: X509Certificate): string {
  const alternatives = (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((one) => /^(DNS|IP Address|email):([\w.:*@-]+)$/.exec(one)?.slice(1).join(':') ?? [])
    .map((one) => one.replace('IP Address:', 'IP:'));
  return [`basicConstraints=critical,CA:${certificate.ca ? 'TRUE' : 'FALSE'}`, ...(alternatives.length > 0 ? [`subjectAltName=${alternatives.join(',')}`] : [])].join('\n'); // oxfmt-ignore
}

const HEAD = `set -e
umask 077
rm -rf ${WORK}; mkdir ${WORK}; cd ${WORK}
touch index.txt; mkdir new
cat >ca.cnf <<'END'
[ca]
default_ca=own
[own]
database=${WORK}/index.txt
new_certs_dir=${WORK}/new
rand_serial=yes
unique_subject=no
default_md=sha256
policy=any
email_in_dn=yes
copy_extensions=none
[any]
countryName=optional
stateOrProvinceName=optional
localityName=optional
organizationName=optional
organizationalUnitName=optional
commonName=optional
emailAddress=optional
[req]
distinguished_name=dn
[dn]
END
request() { openssl req -new -config ca.cnf -utf8 -key "$1.key" -subj "$2" -out "$1.csr"; }
sign() { openssl ca -batch -notext -config ca.cnf -preserveDN -utf8 "$@" 2>log || { cat log >&2; return 1; }; }
authority() { # NAME SUBJECT
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$1.key"
  request "$1" "$2"
  printf 'basicConstraints=critical,CA:TRUE\\n' >"$1.ext"
  if [ "$1" = root ]; then set -- "$1" -selfsign; else set -- "$1" -cert root.crt; fi
  name=$1; shift
  case $1 in -selfsign) sign -selfsign -keyfile root.key -startdate 20200101000000Z -enddate 20491231000000Z -extfile root.ext -in root.csr -out root.crt ;;
  *) sign -cert root.crt -keyfile root.key -startdate 20200101000000Z -enddate 20491231000000Z -extfile "$name.ext" -in "$name.csr" -out "$name.crt" ;; esac
}
issue() { # NAME KEY ISSUER FROM TO SUBJECT EXTENSIONS
  cp "$2.key" "$1.key"
  request "$1" "$6"
  printf '%s\\n' "$7" >"$1.ext"
  case $3 in
    -) sign -selfsign -keyfile "$1.key" -startdate "$4" -enddate "$5" -extfile "$1.ext" -in "$1.csr" -out "$1.crt"; cat "$1.crt" ;;
    *) sign -cert "$3.crt" -keyfile "$3.key" -startdate "$4" -enddate "$5" -extfile "$1.ext" -in "$1.csr" -out "$1.crt" ;;
  esac
}
place() { # PATH LINK MODE USER GROUP FILES
  path=$1 link=$2 mode=$3 owner=$4:$5; shift 5
  mkdir -p "$(dirname "$path")"
  if [ -n "$link" ]; then
    rm -f "$path"; ln -s "$link" "$path"
    real=$(cd "$(dirname "$path")" && readlink -m -- "$link")
    mkdir -p "$(dirname "$real")"
  else real=$path; fi
  rm -f "$real"; cat "$@" >"$real"; chmod "$mode" "$real"; chown "$owner" "$real" || true
}
authority root '/CN=Authority of a rehearsal'
cat root.crt`;

const TAIL = `cd /; rm -rf ${WORK}`;
