/** Defaults of dovecot-sql.conf.ext and dovecot-ldap.conf.ext, which 2.3's programs have in their code. */
import { nested } from './conversion.ts';
import { yes } from './old-values.ts';

const USER = "username = '%{user | username}' AND domain = '%{user | domain}'";

/** 2.3's defaults that 2.4 does not have, for settings that the file does not set. */
export function defaults(kind: 'sql' | 'ldap', type: string, read: (key: string) => string | null): string[] {
  const unsaid = (key: string, line: string): string[] => (read(key) === null ? [line] : []);
  const scheme = kind === 'sql' ? 'MD5' : 'CRYPT';
  // Elsewhere 2.3's default failed at each list of users.
  const hasUsers = /\bfrom\s+users\b/i.test(read('user_query') ?? 'FROM users');
  if (kind === 'sql')
    return type === 'passdb'
      ? [
          ...unsaid('default_pass_scheme', `default_password_scheme = ${scheme}`),
          ...unsaid('password_query', `query = "SELECT username, domain, password FROM users WHERE ${USER}"`),
        ]
      : [
          ...unsaid('user_query', `query = "SELECT home, uid, gid FROM users WHERE ${USER}"`),
          ...(hasUsers ? unsaid('iterate_query', 'iterate_query = SELECT username, domain FROM users') : []),
        ];
  if (type === 'passdb') {
    const bind = read('auth_bind_userdn') !== null;
    return [
      ...unsaid('default_pass_scheme', `default_password_scheme = ${scheme}`),
      ...(bind ? [] : unsaid('pass_filter', 'ldap_filter = (&(objectClass=posixAccount)(uid=%{user}))')),
      ...(bind || read('pass_attrs') !== null
        ? []
        : [
            'fields {',
            '  user = %{ldap:uid}',
            ...(yes(read('auth_bind') ?? '') ? [] : ['  password = %{ldap:userPassword}']),
            '}',
          ]),
    ];
  }
  return [
    ...unsaid('user_filter', 'ldap_filter = (&(objectClass=posixAccount)(uid=%{user}))'),
    ...(read('user_attrs') !== null
      ? []
      : ['fields {', '  home = %{ldap:homeDirectory}', '  uid = %{ldap:uidNumber}', '  gid = %{ldap:gidNumber}', '}']),
    ...unsaid('iterate_filter', 'ldap_iterate_filter = (objectClass=posixAccount)'),
    ...(read('iterate_attrs') !== null ? [] : nested('ldap_iterate_fields', ['user = %{ldap:uid}'])),
  ];
}
