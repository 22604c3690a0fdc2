/** The variables in queries and filters, with the values of one user. */

const SERVICES = ['imap', 'pop3', 'smtp', 'submission', 'sieve', 'managesieve', 'lmtp', 'lda', 'doveadm', 'internal'];

/** @param key an address, or a domain */
export function expanded(text: string, by: 'postfix' | 'dovecot', key: string): string[] {
  const at = key.indexOf('@');
  const local = at < 0 ? key : key.slice(0, at);
  const domain = at < 0 ? '' : key.slice(at + 1);
  if (by === 'postfix') return [postfix(text, key, local, domain === '' ? key : domain)];
  const depends = /%[A-Z]*[sc]|%\{(service|protocol|secured)/.test(text);
  const services = depends ? SERVICES : ['imap'];
  const secured = /%[A-Z]*c|%\{secured/.test(text) ? ['', 'secured'] : [''];
  return services.flatMap((service) => secured.map((secure) => dovecot(text, { key, local, domain, service, secure })));
}

function postfix(text: string, key: string, local: string, domain: string): string {
  const labels = domain.split('.').toReversed();
  return text.replace(/%([%sSuUdD1-9])/g, (_, name: string) => {
    if (name === '%') return '%';
    if (/\d/.test(name)) return labels[Number(name) - 1] ?? '';
    return { s: key, u: local, d: domain }[name.toLowerCase()] ?? '';
  });
}

interface Values {
  readonly key: string;
  readonly local: string;
  readonly domain: string;
  readonly service: string;
  readonly secure: string;
}

function dovecot(text: string, { key, local, domain, service, secure }: Values): string {
  const long: Readonly<Record<string, string>> = {
    user: key,
    username: local,
    login_user: key,
    auth_user: key,
    orig_user: key,
    domain,
    service,
    protocol: service,
    secured: secure,
  };
  const short: Readonly<Record<string, string>> = { u: key, n: local, d: domain, s: service, c: secure, '%': '%' };
  return text
    .replace(/%\{([^{}]*)\}/g, (whole, inside: string) => {
      const [name = '', ...filters] = inside.split('|').map((part) => part.trim());
      const value = long[name.replace(/^.*:/, '')];
      return value === undefined ? whole : filters.reduce((sofar, filter) => (filter === 'username' ? local : filter === 'domain' ? domain : sofar), value); // oxfmt-ignore
    })
    .replace(/%(?:\d+(?:\.\d+)?)?[A-Z]*([a-z%])/g, (whole, name: string) => short[name] ?? whole);
}
