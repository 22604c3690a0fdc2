/** The user of the rehearsal: added beside the host's own users, in the way of a passdb that the copy can have. */
import { quote } from '../formats/text/shell-quote.ts';

export interface Person {
  readonly login: string;
  readonly address: string;
  readonly password: string;
}

export interface PersonPlan {
  readonly person: Person | null;
  /** Adds the user to the copy. */
  readonly script: string;
  /** Things that the user cannot prove. */
  readonly notes: readonly string[];
}

const NAME = 'rehearsal';

interface Facts {
  /** The output of `doveconf -n`; empty without Dovecot. */
  readonly doveconf: string;
  /** Postfix's parameters, as the copy resolves them. */
  readonly postconf: Readonly<Record<string, string>>;
  /** Content of a file of the copy, by its path. */
  readonly file: (path: string) => string | null;
  readonly password: string;
}

export function personFor({ doveconf, postconf, file, password }: Facts): PersonPlan {
  const passdbs = passdbsIn(doveconf);
  const isOfSystem = passdbs.some(({ driver }) => ['pam', 'shadow', 'passwd'].includes(driver));
  if (isOfSystem && /driver = passwd$|^userdb passwd\b/m.test(doveconf)) {
    const person = { login: NAME, address: `${NAME}@${localDomain(postconf)}`, password };
    return { person, script: ofSystem(password), notes: [] };
  }
  for (const { driver, path } of passdbs) {
    const text = driver === 'passwd-file' && path !== undefined ? file(path) : null;
    const made = path === undefined || text === null ? null : inPasswdFile(path, text, postconf, file, password);
    if (made) return made;
  }
  const why =
    doveconf === '' ? 'the copy has no Dovecot that answers' : 'none of the passdbs can take a user of the rehearsal';
  return { person: null, script: ':', notes: [`logins and mailboxes: ${why}`] };
}

interface Database {
  readonly driver: string;
  /** The file of a passwd-file. */
  readonly path?: string;
}

/** The blocks `passdb { driver = pam }` of Dovecot 2.3, and `passdb pam { }` of 2.4. */
export function passdbsIn(doveconf: string): Database[] {
  const blocks = [...doveconf.matchAll(/^passdb(?: ([\w-]+))? \{\n((?:[ \t]+.*\n|\}.*\n(?=[ \t]))*)/gm)];
  return blocks.map(([, name = '', body = '']) => {
    const driver = /^\s+driver = (\S+)$/m.exec(body)?.[1] ?? name;
    const args = /^\s+(?:args|passwd_file_path) = (?:.*\s)?(\/\S+)$/m.exec(body)?.[1];
    const isPlain = args !== undefined && !args.includes('%');
    return { driver, ...(isPlain && { path: args }) };
  });
}

function localDomain(postconf: Facts['postconf']): string {
  const names = (postconf['mydestination'] ?? '').split(/[\s,]+/).filter((name) => name.includes('.') && !/^localhost|[:/]/.test(name)); // oxfmt-ignore
  return names[0] ?? postconf['myhostname'] ?? 'localhost';
}

function ofSystem(password: string): string {
  return `useradd --create-home --shell /bin/bash ${NAME} && echo ${quote(`${NAME}:${password}`)} | chpasswd`;
}

/** A line like the one of another user, and the entries of Postfix's tables that this user has. */
function inPasswdFile(
  path: string,
  text: string,
  postconf: Facts['postconf'],
  file: Facts['file'],
  password: string,
): PersonPlan | null {
  const line = text.split('\n').find((one) => /^[^#\s:][^:]*:/.test(one));
  if (line === undefined) return null;
  const [other = '', , ...fields] = line.split(':');
  const [local = '', domain] = other.split('@');
  const login = domain === undefined ? NAME : `${NAME}@${domain}`;
  const own = fields.map((field) => field.replaceAll(`/${local}`, `/${NAME}`).replaceAll(other, login));
  const address = domain === undefined ? `${NAME}@${localDomain(postconf)}` : login;
  const tables = ['virtual_mailbox_maps', 'local_recipient_maps', 'smtpd_sender_login_maps'].flatMap((name) =>
    [...(postconf[name] ?? '').matchAll(/(hash|btree|lmdb|cdb|texthash):(\/[^\s,]+)/g)].flatMap(
      ([, type = '', table = '']) => {
        const entry = (file(table) ?? '')
          .split('\n')
          .find((one) => one.startsWith(`${other} `) || one.startsWith(`${other}\t`));
        if (entry === undefined) return [];
        const added = entry
          .replaceAll(other, login)
          .replaceAll(`/${local}/`, `/${NAME}/`)
          .replaceAll(`${local}/`, `${NAME}/`);
        const index = type === 'texthash' ? '' : ` && postmap ${quote(`${type}:${table}`)}`;
        return [`printf '%s\\n' ${quote(added)} >>${quote(table)}${index}`];
      },
    ),
  );
  const hash = `$(printf %s ${quote(password)} | openssl passwd -6 -stdin)`;
  const script = [`printf '%s:{SHA512-CRYPT}%s:%s\\n' ${quote(login)} "${hash}" ${quote(own.join(':'))} >>${quote(path)}`, ...new Set(tables)]; // oxfmt-ignore
  return { person: { login, address, password }, script: script.join('\n'), notes: [] };
}
