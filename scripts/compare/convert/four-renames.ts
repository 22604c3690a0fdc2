/**
 * What the short scripts do that administrators pass on: dovecot.conf in place, four settings renamed, the two version lines on top
 * (Dovecot does not start without them). The included files stay as they are.
 */
import type { Converter } from './converter.ts';
import { ROOT } from './converter.ts';

const RENAMES: readonly (readonly [RegExp, string])[] = [
  [/^([ \t]*)mail_location[ \t]*=/gm, '$1mail_path ='],
  [/^([ \t]*)disable_plaintext_auth[ \t]*=[ \t]*no\b/gm, '$1auth_allow_cleartext = yes'],
  [/^([ \t]*)ssl_cert[ \t]*=[ \t]*<?/gm, '$1ssl_server_cert_file = '],
  [/^([ \t]*)ssl_key[ \t]*=[ \t]*<?/gm, '$1ssl_server_key_file = '],
];

export const fourRenames: Converter = {
  name: 'four renames',
  about:
    'the `sed` script that is passed on: `mail_location`, `disable_plaintext_auth`, `ssl_cert` and `ssl_key` renamed in every file',
  convert: ({ files }) => {
    const rename = (bytes: string): string => RENAMES.reduce((text, [what, by]) => text.replace(what, by), bytes);
    const renamed = Object.fromEntries(
      Object.entries(files).flatMap(([path, bytes]) => (rename(bytes) === bytes ? [] : [[path, rename(bytes)]])),
    );
    const root = renamed[ROOT] ?? files[ROOT] ?? '';
    return {
      files: { ...renamed, [ROOT]: `dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n${root}` },
    };
  },
};
