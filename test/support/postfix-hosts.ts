/** Stock hosts for tests of what Postfix does with a main.cf, and envelopes from outside. */

import { lab } from '../../src/lab/lab.ts';
import type { LabHost } from '../../src/lab/lab.ts';
import type { ReleaseName } from '../../src/lab/images.ts';
import { SMTP, talkInClear } from './talk.ts';

/** The answers to these lines on port 25, the greeting first. */
export async function smtp(host: LabHost, ...lines: string[]): Promise<string[]> {
  const talk = await talkInClear({ address: host.address, port: 25, name: host.name, root: '' });
  try {
    const said = [(await talk.until(SMTP)).join('\n')];
    for (const line of lines) said.push((await talk.ask(line, SMTP)).join('\n'));
    return said;
  } finally {
    talk.end();
  }
}

/** The bridge of the lab: this machine's address on the network of the host. */
export async function clientOf(host: LabHost): Promise<string> {
  return host.address.replace(/\d+$/, (last) => `${Math.floor((Number(last) - 1) / 16) * 16 + 1}`);
}

/** The stock main.cf with these settings; mail for elsewhere is taken and goes nowhere. */
export async function writeMain(
  host: LabHost,
  stock: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const all = { mynetworks: '127.0.0.0/8', mydestination: '$myhostname, localhost', default_transport: 'discard', relay_transport: 'discard', smtpd_delay_reject: 'yes', ...settings }; // oxfmt-ignore
  const kept = stock.split('\n').filter((line) => !Object.keys(all).some((name) => line.startsWith(`${name} =`)));
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  await host.write('/etc/postfix/main.cf', [...kept, ...lines, ''].join('\n'));
  await host.run('touch -d "1 minute ago" /etc/postfix/main.cf; systemctl restart postfix');
}

/** A stock host on which this machine has a name and stands on one block list. */
export async function postfixHost(release: ReleaseName): Promise<LabHost> {
  const host = await lab.host({ release, mail: true, users: [{ name: 'alice', password: 'wonder land' }] });
  const client = await clientOf(host);
  const acme = await lab.acme();
  const reversed = client.split('.').toReversed().join('.');
  await acme.setA(`${reversed}.listed.test`, '127.0.0.2');
  await host.run(`echo '${client} client.partner.example' >>/etc/hosts`);
  return host;
}
