import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { createSecureContext, rootCertificates } from 'node:tls';
import type { Finding } from '../model/index.ts';
import { PORTS, SUBMISSION } from './mail-ports.ts';
import type { Ways } from './reach.ts';
import { comparePublished } from './published.ts';
import { lookAt } from './reach.ts';
import type { Published } from './resolver.ts';
import { judgeRevocation, unknown } from './judge-revocation.ts';
import { lookForNames, type NamedCertificate } from './extra-names.ts';

export type { Dial, Ways } from './reach.ts';

/** What a host should be like. */
export interface Wanted {
  /** The name the certificate must be for, also asked for by SNI. */
  readonly domain: string;
  /** PEM chain on disk; null: there is none; undefined: nobody looked. */
  readonly certificate?: string | null | undefined;
  /** PEM chains of further types of key, which may be served as well. */
  readonly alternatives?: readonly string[];
  /** What IMAP and POP3 serve, where that is another certificate than SMTP's. */
  readonly reading?: Pick<Wanted, 'domain' | 'certificate' | 'alternatives'>;
  /**
   * Try a login as nobody in the clear on 110 and 143, beside reading what is offered; default yes. The daemon logs each
   * as a failed login: where verify is repeated, let only the last one try, or fail2ban takes it for an attack.
   */
  readonly tryLogin?: boolean;
  /** Ask on 25 whether it takes mail for elsewhere without a login; default as `tryLogin`. It is logged as a refusal too. */
  readonly tryRelay?: boolean;
  /** What CAA records call the certificate's issuer, to be compared with what `published` knows; absent: nobody asks DNS. */
  readonly issuer?: string | null;
  /** Ask for the list of revoked certificates that the certificate names? Default no: it is a request to whoever that is. */
  readonly revocation?: boolean;
  /** Further names, each with its certificate on disk; see sni.ts. */
  readonly also?: readonly NamedCertificate[];
  /**
   * Port 587: `wanted` it must serve as 465 does; `there` it is the admin's own, whose certificate and logins in clear count;
   * `absent`, the default, it is not looked at.
   */
  readonly submission?: 'wanted' | 'there' | 'absent';
  /** The mechanisms that logins are to be offered by, where the host has others than PLAIN and LOGIN; upper case. */
  readonly mechanisms?: readonly string[];
  /** Do users log in on 25 too, as the recipe has it? Default yes; with the profile strict they do not. */
  readonly authOn25?: boolean;
}

export interface VerifyOptions extends Ways {
  /** PEM roots trusted beside Node's own; what is not PEM adds nothing. */
  readonly trust?: readonly string[];
  /** Logs in as this user, inside TLS only, on 25, 465, 993 and 995. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Milliseconds for each step: connect, handshake, one answer. postscreen alone takes 6 s to greet a stranger. */
  readonly timeout?: number;
  readonly now?: Date;
  /** What DNS says of the certificate; absent: not asked. */
  readonly published?: Published;
  /**
   * What the domain is taken for until that is known: TLS begins at once, and again where it was another. Absent: TLS waits.
   */
  readonly assumed?: string;
}

export type VerifyTarget = VerifyOptions & Wanted;

/**
 * Looks at every mail port, side by side, and tells what was seen: by port, then in the order of CHECKS. Never throws:
 * whatever goes wrong becomes a finding. A conversation ends at the first thing without which there is no going on, so
 * that one cause is told once.
 */
export function verify(target: VerifyTarget): Promise<Finding[]> {
  return look(target, Promise.resolve(target));
}

/** The same, begun before it is known what to expect: until then it connects, and hears what it can. */
export async function look(options: VerifyOptions, wanted: Promise<Wanted>): Promise<Finding[]> {
  const { trust = [], user, timeout = 8000, now = new Date(), assumed } = options;
  const context = () => contextFor(trust);
  // SNI carries names, not addresses (RFC 6066).
  const servername = (domain: string): string => (isIP(domain) ? '' : domain);
  const probe = (reads: boolean) => ({
    wanted: wanted.then((all) => {
      const { tryLogin = true, tryRelay = tryLogin, authOn25 = true, mechanisms } = all;
      const { domain, certificate, alternatives = [] } = (reads && all.reading) || all;
      return {
        expectation: { domain, onDisk: certificate, alternatives, now },
        servername: servername(domain),
        tryLogin,
        tryRelay,
        authOn25,
        ...(mechanisms && { mechanisms }),
        context,
      };
    }),
    ...(assumed !== undefined && { assumed: { servername: servername(assumed), context } }),
    timeout,
    ...(user && { user }),
  });
  const [sends, reads] = [probe(false), probe(true)];
  for (const one of [sends, reads]) one.wanted.catch(() => {}); // each conversation looks at it for itself
  const always = PORTS.map((port) => lookAt(port, options, port.protocol === 'smtp' ? sends : reads));
  // Only who waits for the host's word knows whether it is there: a firewall that drops would cost every look its time.
  const submission = wanted.then(
    ({ submission: how = 'absent' }) => {
      const own = how === 'there' ? ({ optional: true, own: true } as const) : {};
      return how === 'absent' ? [] : lookAt({ ...SUBMISSION, ...own }, options, sends);
    },
    () => [],
  );
  const dns = inDns(options.published, wanted);
  const found = await Promise.all([...always, submission]);
  const revoked = revocation(found.flat());
  found.push(await namesOf(found.flat()));
  // A resolver that does not answer keeps nobody waiting for long.
  found.push(await Promise.race([dns, sleep(PATIENCE, [], { ref: false })]));
  found.push(await Promise.race([revoked, sleep(PATIENCE, [unknown('the list takes too long')], { ref: false })]));
  return found.flat().sort((a, b) => a.port - b.port);

  /** Only of a certificate that a known authority vouches for: else its address is whatever the host makes it. */
  async function revocation(seen: readonly Finding[]): Promise<Finding[]> {
    const { certificate, revocation: asked = false } = await wanted.catch((): Partial<Wanted> => ({}));
    const passed = (port: number, check: string): boolean =>
      seen.some((one) => one.port === port && one.check === check && one.status === 'pass');
    const genuine = PORTS.some(({ port }) => passed(port, 'certificate-served') && passed(port, 'certificate-trust'));
    return asked && certificate && genuine ? judgeRevocation(certificate, now) : [];
  }

  /** Further names are asked for once it is known which ports speak TLS. */
  async function namesOf(seen: readonly Finding[]): Promise<Finding[]> {
    const { also = [] } = await wanted.catch((): Partial<Wanted> => ({}));
    return lookForNames(also, [...PORTS, SUBMISSION], seen, options, ({ name, certificate }) => ({
      wanted: Promise.resolve({
        expectation: { domain: name, onDisk: certificate, now },
        servername: name,
        tryLogin: false,
        tryRelay: false,
        authOn25: true,
        context,
      }),
      timeout,
    }));
  }
}

/** Milliseconds that DNS may take longer than the ports. */
const PATIENCE = 1000;

async function inDns(published: Published | undefined, wanted: Promise<Wanted>): Promise<Finding[]> {
  try {
    const { domain, certificate, issuer } = await wanted;
    // Names under these are nobody's (RFC 6761), and to ask for them takes a resolver's time.
    if (!published || !certificate || issuer === undefined || /\.(test|invalid|localhost|example|local)$/.test(domain))
      return [];
    return await comparePublished(published, { domain, chain: certificate, issuer });
  } catch {
    return [];
  }
}

const TLS13 = 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256';

/** Node's own roots take 25 ms to parse: once is enough for many hosts. */
const contexts = new Map<string, SecureContext>();

function contextFor(trust: readonly string[]): SecureContext {
  const known = contexts.get(trust.join());
  if (known) return known;
  const context = createSecureContext({
    // Node's own roots stand when none is given, and NODE_EXTRA_CA_CERTS with them.
    ...(trust.length > 0 && { ca: [...rootCertificates, ...trust] }),
    // Old versions are offered too: a server that knows nothing better is then told as such, not as "handshake failed".
    minVersion: 'TLSv1',
    ciphers: `${TLS13}:DEFAULT@SECLEVEL=0`,
  });
  contexts.set(trust.join(), context);
  return context;
}
