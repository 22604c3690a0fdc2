/** Numbers of IANA's TLS registries, as far as this program uses them. */

export const VERSIONS = {
  'SSL 3.0': 0x0300,
  'TLS 1.0': 0x0301,
  'TLS 1.1': 0x0302,
  'TLS 1.2': 0x0303,
  'TLS 1.3': 0x0304,
} as const;
export type Version = keyof typeof VERSIONS;
export const VERSION_NAMES = Object.keys(VERSIONS) as Version[];

export function versionName(code: number): Version | undefined {
  return VERSION_NAMES.find((name) => VERSIONS[name] === code);
}

/** Extensions (ExtensionType). */
export const EXTENSION = {
  serverName: 0,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;

/** Values among the cipher suites that are signals, not suites. */
export const SCSV = { renegotiation: 0x00ff, fallback: 0x5600 } as const;

/** Named groups: curves, finite fields (RFC 7919), and hybrids with ML-KEM. `bits` is the strength according to NIST. */
export const GROUPS: Readonly<Record<number, { readonly name: string; readonly bits: number }>> = Object.fromEntries(
  (
    [
      [1, 'sect163k1', 80],
      [2, 'sect163r1', 80],
      [3, 'sect163r2', 80],
      [4, 'sect193r1', 96],
      [5, 'sect193r2', 96],
      [6, 'sect233k1', 112],
      [7, 'sect233r1', 112],
      [8, 'sect239k1', 112],
      [9, 'sect283k1', 128],
      [10, 'sect283r1', 128],
      [11, 'sect409k1', 192],
      [12, 'sect409r1', 192],
      [13, 'sect571k1', 256],
      [14, 'sect571r1', 256],
      [15, 'secp160k1', 80],
      [16, 'secp160r1', 80],
      [17, 'secp160r2', 80],
      [18, 'secp192k1', 96],
      [19, 'secp192r1', 96],
      [20, 'secp224k1', 112],
      [21, 'secp224r1', 112],
      [22, 'secp256k1', 128],
      [23, 'secp256r1', 128],
      [24, 'secp384r1', 192],
      [25, 'secp521r1', 256],
      [26, 'brainpoolP256r1', 128],
      [27, 'brainpoolP384r1', 192],
      [28, 'brainpoolP512r1', 256],
      [29, 'x25519', 128],
      [30, 'x448', 224],
      [31, 'brainpoolP256r1tls13', 128],
      [32, 'brainpoolP384r1tls13', 192],
      [33, 'brainpoolP512r1tls13', 256],
      [256, 'ffdhe2048', 112],
      [257, 'ffdhe3072', 128],
      [258, 'ffdhe4096', 152],
      [259, 'ffdhe6144', 176],
      [260, 'ffdhe8192', 200],
      [512, 'MLKEM512', 128],
      [513, 'MLKEM768', 192],
      [514, 'MLKEM1024', 256],
      [4587, 'SecP256r1MLKEM768', 192],
      [4588, 'X25519MLKEM768', 192],
      [4589, 'SecP384r1MLKEM1024', 256],
    ] as const
  ).map(([id, name, bits]) => [id, { name, bits }]),
);

/** Groups that are defined before TLS 1.3 (RFC 8422), and in TLS 1.3 (RFC 8446, 7919). */
export const CURVES = Object.keys(GROUPS)
  .map(Number)
  .filter((id) => id < 31);
export const GROUPS13 = Object.keys(GROUPS)
  .map(Number)
  .filter((id) => id >= 23 && !(id >= 26 && id <= 28));

export const groupName = (id: number): string => GROUPS[id]?.name ?? `group 0x${id.toString(16)}`;

/**
 * Every SignatureScheme that a server may know, including weak ones (SHA-1, MD5): without a common scheme a server would refuse
 * a suite that it supports.
 */
export const SIGNATURES = [
  ...[0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601],
  ...[0x081a, 0x081b, 0x081c, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0502, 0x0602, 0x0302, 0x0202, 0x0103, 0x0101],
];
