/**
 * Host and user names that are safe to pass to a shell, to `ssh` and to the network. The rule is OpenSSH's own
 * (`valid_hostname` and `valid_ruser` in ssh.c): no leading dash, no shell metacharacter, no white space, no control
 * character. Invisible Unicode characters are refused as well, because names are shown to people.
 */
const UNSAFE = /['"`$\\;&<>|(){}\p{Cc}\p{Cf}\p{Z}]/u;
const UNSAFE_USER = /['"`;&<>|(){}\p{Cc}\p{Cf}\p{Z}]|\\$/u;

/** Is this a host name, an address or an `ssh` alias that is safe to pass on? `user@host` is not. */
export function validHostname(name: string): boolean {
  return name !== '' && name.length <= 255 && !name.startsWith('-') && !name.includes('@') && !UNSAFE.test(name);
}

/** A remote user. `$` and an inner backslash are fine (`DOMAIN\user`): no shell sees them. */
export function validUser(name: string): boolean {
  return name !== '' && name.length <= 255 && !name.startsWith('-') && !UNSAFE_USER.test(name);
}

/** An absolute path that main.cf, Dovecot's files and a shell all read as one word. */
export function validFile(path: string): boolean {
  return /^\/[\w.@+/-]*[\w.@+-]$/.test(path) && path.length <= 1024;
}

/** A command for certbot's hooks, which certbot keeps as one line of a file. */
export function validCommand(command: string): boolean {
  return /^[^\p{Cc}]*[^\p{Cc}\s][^\p{Cc}]*$/u.test(command) && command.length <= 4096;
}

/** An absolute path without a comma, which certbot would read as two paths. */
export function validFolder(path: string): boolean {
  return /^\/[^,\p{Cc}]*$/u.test(path);
}
