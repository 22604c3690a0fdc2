import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../model/index.ts';
import { PORTS, SUBMISSION } from './mail-ports.ts';
import type { Ways } from './reach.ts';
import { comparePublished } from './published.ts';
import { lookAt } from './reach.ts';
import type { Published } from './resolver.ts';
import { judgeRevocation, unknown } from './judge-revocation.ts';
import { contextFor } from './roots.ts';
import { lookForNames, type NamedCertificate } from './extra-names.ts';

export type { Dial, Ways } from './reach.ts';

/** The expected state of a host. */
export interface Wanted {
  /** The name that the certificate must be for, also sent as SNI. */
  readonly domain: string;
  /** PEM chain on disk; null: there is none; undefined: the disk was not read. */
  readonly certificate?: string | null | undefined;
  /** PEM chains with other key types, which may be served too. */
  readonly alternatives?: readonly string[];
  /** The certificate of IMAP and POP3, if it differs from SMTP's. */
  readonly reading?: Pick<Wanted, 'domain' | 'certificate' | 'alternatives'>;
  /**
   * Try a login with a made-up name in the clear on 110 and 143, in addition to reading the offer; default yes. The daemon logs
   * each as a failed login: if verify is repeated, let only the last run try, or fail2ban takes it for an attack.
   */
  readonly tryLogin?: boolean;
  /** Ask on 25 whether it accepts mail for elsewhere without a login; default as `tryLogin`. The daemon logs a refusal here too. */
  readonly tryRelay?: boolean;
  /** The name of the certificate's issuer in CAA records, to compare with what `published` finds; absent: DNS is not asked. */
  readonly issuer?: string | null;
  /** Download the revocation list that the certificate names? Default no: it is a request to a third party. */
  readonly revocation?: boolean;
  /** Additional names, each with its certificate on disk; see extra-names.ts. */
  readonly also?: readonly NamedCertificate[];
  /**
   * Port 587. `wanted`: it must serve as 465 does. `there`: it is the admin's own, and only its certificate and logins in the clear
   * count. `absent`, the default: it is not looked at.
   */
  readonly submission?: 'wanted' | 'there' | 'absent';
  /** The mechanisms that the host must offer, in upper case, if they are not PLAIN and LOGIN. */
  readonly mechanisms?: readonly string[];
  /** Do users log in on 25 too, as in the recipe? Default yes; with the profile strict they do not. */
  readonly authOn25?: boolean;
}

export interface VerifyOptions extends Ways {
  /** PEM roots trusted in addition to Node's own; text that is not PEM adds nothing. */
  readonly trust?: readonly string[];
  /** Logs in as this user, only inside TLS, on 25, 465, 993 and 995. */
  readonly user?: { readonly name: string; readonly password: string };
  /** Milliseconds for each step: connect, handshake, one answer. postscreen alone takes 6 s to greet an unknown client. */
  readonly timeout?: number;
  readonly now?: Date;
  /** The DNS records about the certificate; absent: not asked. */
  readonly published?: Published;
  /**
   * The assumed domain until `wanted` resolves: TLS starts at once, and starts again if the domain is another. Absent: TLS waits.
   */
  readonly assumed?: string;
}

export type VerifyTarget = VerifyOptions & Wanted;

/**
 * Looks at every mail port in parallel and returns the findings: by port, then in the order of CHECKS. Never throws: every error
 * becomes a finding. A conversation ends at the first failure that makes the rest impossible, so that one cause is reported
 * once.
 */
export function verify(target: VerifyTarget): Promise<Finding[]> {
  return look(target, Promise.resolve(target));
}

/** The same, started before the expected state is known: until then it connects and reads what it can. */
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
  for (const one of [sends, reads]) one.wanted.catch(() => {}); // each conversation awaits it itself
  const always = PORTS.map((port) => lookAt(port, options, port.protocol === 'smtp' ? sends : reads));
  // Only the host's own facts show whether 587 exists: a firewall that drops packets would delay every look.
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
  // Limit the wait for a resolver that does not answer.
  found.push(await Promise.race([dns, sleep(PATIENCE, [], { ref: false })]));
  found.push(await Promise.race([revoked, sleep(PATIENCE, [unknown('the list takes too long')], { ref: false })]));
  return found.flat().sort((a, b) => a.port - b.port);

  /** Only if a known authority vouches for the certificate: otherwise the host could choose the address that is requested. */
  async function revocation(seen: readonly Finding[]): Promise<Finding[]> {
    const { certificate, revocation: asked = false } = await wanted.catch((): Partial<Wanted> => ({}));
    const passed = (port: number, check: string): boolean =>
      seen.some((one) => one.port === port && one.check === check && one.status === 'pass');
    const genuine = PORTS.some(({ port }) => passed(port, 'certificate-served') && passed(port, 'certificate-trust'));
    return asked && certificate && genuine ? judgeRevocation(certificate, now) : [];
  }

  /** Additional names are asked for once it is known which ports speak TLS. */
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
    // These domains are reserved (RFC 6761), and a query for them only takes time.
    if (!published || !certificate || issuer === undefined || /\.(test|invalid|localhost|example|local)$/.test(domain))
      return [];
    return await comparePublished(published, { domain, chain: certificate, issuer });
  } catch {
    return [];
  }
}
