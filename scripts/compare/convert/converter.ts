/** A converter from Dovecot 2.3 to 2.4, as the comparison of converters sees it. */

/** What a converter gets: a host's configuration in the two forms in which people hand it over. */
export interface OldConfiguration {
  /** Bytes of the files below /etc/dovecot, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** The output of 2.3's `doveconf -nP`. */
  readonly effective: string;
}

/** The files that it writes, by path (all others stay), or the reason why it does not convert. */
export type Outcome = { readonly files: Readonly<Record<string, string>> } | { readonly refused: string };

export interface Converter {
  readonly name: string;
  /** What it is, for the document. */
  readonly about: string;
  readonly convert: (old: OldConfiguration) => Outcome | Promise<Outcome>;
}

export const ROOT = '/etc/dovecot/dovecot.conf';
