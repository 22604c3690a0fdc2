import { X509Certificate } from 'node:crypto';
import { SUITES } from '../../src/tls/suites.ts';
import { runProgram } from '../../src/lab/programs.ts';
import { fingerprintItem, suiteItem, versionName, type Opinion, type Place, type Remark } from './opinion.ts';

/** Scripts ssl-enum-ciphers and ssl-cert. */
export async function nmap({ address, name, port }: Place): Promise<Opinion> {
  const scripts = ['--script', 'ssl-enum-ciphers,ssl-cert', '--script-args', `tls.servername=${name}`];
  const { stdout } = await runProgram('nmap', ['-Pn', '-n', '-p', `${port}`, ...scripts, '-oX', '-', address]);
  const xml = stdout.toString();
  const [, suites = ''] = /<script id="ssl-enum-ciphers"([\s\S]*?)<\/script>/.exec(xml) ?? [];
  const [, certificate = ''] = /<script id="ssl-cert"([\s\S]*?)<\/script>/.exec(xml) ?? [];
  const grade = element(suites, 'least strength');
  return {
    items: [...versionsIn(suites), ...certificateIn(certificate)],
    remarks: warningsIn(suites),
    ...(grade !== undefined && { grade }),
  };
}

function element(xml: string, key: string): string | undefined {
  const text = new RegExp(`<elem key="${key}">([^<]*)`).exec(xml)?.[1];
  const char = (code: string): string => String.fromCharCode(Number(code.replace('x', '0x')));
  return text?.replaceAll(/&#(x?\w+);/g, (_, code: string) => char(code));
}

function versionsIn(xml: string): string[] {
  const items: string[] = [];
  const heads = [...xml.matchAll(/<table key="((?:SSLv3|TLSv1\.\d))">/g)];
  for (const [index, head] of heads.entries()) {
    const [, version = ''] = head;
    items.push(`version ${versionName(version)}`);
    const part = xml.slice(head.index, heads[index + 1]?.index);
    for (const [, name = ''] of part.matchAll(/<elem key="name">([^<]+)<\/elem>/g)) {
      const iana = name.replace(/^TLS_AKE_WITH_/, 'TLS_');
      const suite = SUITES.find((one) => one.name === iana);
      items.push(suite ? suiteItem(version, suite.id) : `suite ${versionName(version)} ${name}`);
    }
  }
  return items;
}

function certificateIn(xml: string): string[] {
  const [bits, kind] = [element(xml, 'bits'), element(xml, 'type')];
  const signature = element(xml, 'sig_algo');
  const pem = element(xml, 'pem');
  return [
    ...(kind === 'rsa' && bits ? [`key RSA ${bits}`] : []),
    ...(signature ? [`signature ${signature}`] : []),
    ...(pem ? [fingerprintItem(new X509Certificate(pem).fingerprint256)] : []),
  ];
}

/** It has no severities: what it warns of pulls the grade down, or is no more than a word. */
function warningsIn(xml: string): Remark[] {
  const texts = [...xml.matchAll(/<table key="warnings">([\s\S]*?)<\/table>/g)].flatMap(([, table = '']) =>
    [...table.matchAll(/<elem>([^<]*)/g)].map(([, text = '']) => text),
  );
  return [...new Set(texts)].map((text) => ({ severity: 'WARN', id: 'warning', text }));
}
