import type { Certificates } from '../../support/certificates.ts';
import type { Case } from './cases.ts';
import { runCases } from './cases.ts';
import type { Script } from './server.ts';

const serving = (pick: (certificates: Certificates) => Script['tls']) => (all: Certificates) => ({ tls: pick(all)! });
const days = (count: number) => () => ({ now: new Date(Date.now() + count * 86_400_000) });
const notOnDisk = ['certificate-served', 'fail', /^serves .* of \d{4}-\d\d-\d\d, not the one on disk/] as const;

const CASES: readonly Case[] = [
  {
    name: 'a certificate that is not the one on disk',
    port: 993,
    change: serving((all) => all.older),
    expected: [notOnDisk],
  },
  {
    name: 'IMAP serves its own certificate, which is not the one of SMTP',
    port: 993,
    change: serving((all) => all.otherName),
    target: (all) => ({ reading: { domain: 'www.example.test', certificate: all.otherName.cert } }),
    expected: [],
  },
  {
    name: 'SMTP serves the certificate of IMAP, although each has its own',
    port: 465,
    change: serving((all) => all.otherName),
    target: (all) => ({ reading: { domain: 'www.example.test', certificate: all.otherName.cert } }),
    expected: [
      notOnDisk,
      ['certificate-name', 'fail', /^is not for mx\.example\.test but for DNS:www\.example\.test$/],
    ],
  },
  {
    name: 'a certificate for another name',
    port: 465,
    change: serving((all) => all.otherName),
    expected: [
      notOnDisk,
      ['certificate-name', 'fail', /^is not for mx\.example\.test but for DNS:www\.example\.test$/],
    ],
  },
  {
    name: 'a self-signed certificate',
    port: 995,
    change: serving((all) => all.selfSigned),
    expected: [notOnDisk, ['certificate-trust', 'fail', /self-signed/]],
  },
  {
    name: 'a chain without its intermediate',
    port: 25,
    change: serving((all) => all.noIntermediate),
    expected: [notOnDisk, ['certificate-trust', 'fail', /the issuer, Test intermediate, was neither sent/]],
  },
  {
    name: 'a chain with its intermediate',
    port: 25,
    change: serving((all) => ({ ...all.noIntermediate, cert: all.noIntermediate.cert + all.intermediate })),
    target: (all) => ({ certificate: all.noIntermediate.cert }),
    expected: [],
  },
  {
    name: 'a root that is not trusted',
    port: 110,
    change: serving((all) => ({ ...all.good, cert: all.good.cert + all.root })),
    target: () => ({ trust: [] }),
    expected: [['certificate-trust', 'fail', /root that is not trusted/]],
  },
  {
    name: 'a certificate that ends in 20 days',
    port: 143,
    target: days(70),
    expected: [['certificate-validity', 'warn', /^expires in \d+ days/]],
  },
  {
    name: 'an expired certificate',
    port: 143,
    target: days(91),
    expected: [['certificate-validity', 'fail', /^expired on /]],
  },
  {
    name: 'a certificate from the future',
    port: 143,
    target: days(-2),
    expected: [['certificate-validity', 'fail', /^is not valid before /]],
  },
  {
    name: 'no certificate on disk',
    port: 465,
    target: () => ({ certificate: null }),
    expected: [['certificate-served', 'fail', /no certificate on disk/]],
  },
  {
    name: 'a certificate that was not read from disk',
    port: 465,
    target: () => ({ certificate: undefined }),
    expected: [['certificate-served', 'hint', /not compared/]],
  },
  {
    name: 'a file on disk that is not a certificate',
    port: 465,
    target: () => ({ certificate: 'not PEM' }),
    expected: [['certificate-served', 'fail', /cannot|can be read/]],
  },
  {
    name: 'a server that knows nothing better than TLS 1.1',
    port: 993,
    change: serving((all) => ({
      ...all.good,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })),
    expected: [['tls', 'fail', /^speaks nothing better than TLSv1\.1$/]],
  },
];

describe('verify: the certificate a daemon serves', () => runCases(CASES));
