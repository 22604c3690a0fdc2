/** `harden-mail clients`: the entries of a mail client's account, and the files that set it up. Nothing is written on the host. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HardenMailError } from '../../model/errors.ts';
import type { ClientSettings } from '../../model/index.ts';
import { key, section, table } from '../../report/cells.ts';
import { clientFiles, serviceRecords, type ClientFile } from '../../report/client-files.ts';
import { clientLines, clientRows } from '../../report/client-lines.ts';
import { clientsSchema } from '../../report/client-schema.ts';
import { endingView } from '../../report/ending-view.ts';
import { escape } from '../../report/escape.ts';
import { html } from '../../report/markup.ts';
import { FAILED } from '../../report/shared-endings.ts';
import { connected, readHostPolicy } from '../reading.ts';
import { each } from '../stages.ts';
import type { Flow, Step } from '../step.ts';
import { finish, type Begun } from '../visit.ts';

export const flow: Flow = (hosts, options, io) => each(hosts, readSettings, options, io);

const readSettings: Step<Begun, Begun> = async (from, options, say) => {
  const found = await readHostPolicy(await connected(from, options, say), options, say);
  const { visit, snapshot, policy } = found;
  const read = await options.compute(visit.name, 'clients', snapshot, policy);
  if (read === null) {
    throw new HardenMailError(
      'CONFIG_CONFLICT',
      `${visit.name} offers no logins inside TLS, so there is nothing to set up in a mail client`,
      '`harden-mail map` shows every port with its logins; `harden-mail apply` offers them.',
    );
  }
  const { clientsTo: folder, mailDomains: domains = read.domains, loginName: login = read.login } = options;
  const settings = { ...read, domains, login };
  const files = domains.flatMap((domain) =>
    clientFiles(settings, domain).map((file) => ({
      domain,
      ...file,
      ...(folder !== undefined && { path: join(folder, domain, file.name) }),
    })),
  );
  if (folder !== undefined) {
    say('write');
    await writeFiles(folder, files);
  }
  return finish(found, {
    kind: 'clients',
    settings,
    files,
    records: domains.flatMap((domain) => serviceRecords(settings, domain)),
  });
};

/** A file for one domain, and its place on this machine if it was written. */
type DomainFile = ClientFile & { readonly domain: string; readonly path?: string };

async function writeFiles(folder: string, files: readonly DomainFile[]): Promise<void> {
  try {
    for (const { domain, name, text } of files) {
      await mkdir(join(folder, domain), { recursive: true });
      await writeFile(join(folder, domain, name), text);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new HardenMailError(
      'USAGE',
      `--write ${folder} cannot be written: ${code ?? message}`,
      'Give the path of a folder that you may write to.',
    );
  }
}

declare module '../../model/result.ts' {
  interface CommandEndings {
    readonly clients: {
      readonly settings: ClientSettings;
      readonly files: readonly DomainFile[];
      /** Lines of a zone file. */
      readonly records: readonly string[];
    };
  }
}

const ending = endingView({
  kind: 'clients',
  total: 'read',
  lines({ host, ending: { settings, files, records } }, chalk) {
    const written = files.filter(({ path }) => path !== undefined);
    return [
      `${chalk.bold(escape(host))}  mail clients of ${settings.domains.map((one) => escape(one)).join(', ')}`,
      ...clientLines(settings),
      '',
      '  SRV records (RFC 6186), for the DNS:',
      ...records.map((line) => `    ${escape(line)}`),
      '',
      ...(written.length === 0
        ? ['  --write FOLDER writes the files that set up Thunderbird, Outlook and Apple Mail.']
        : written.flatMap(({ path = '', readers, publish }) => [
            `  ${escape(path)}, for ${readers}`,
            ...publish.map((place) => `    ${chalk.dim('→')} ${escape(place)}`),
          ])),
    ];
  },
  schema: (z) =>
    z.object({
      clients: clientsSchema(z),
      files: z
        .array(
          z.object({
            domain: z.string().describe('of the mail addresses'),
            name: z.string(),
            readers: z.string().describe('the mail clients that read it'),
            publish: z.array(z.string()).describe('where these clients look for it'),
            text: z.string(),
            path: z.string().optional().describe('the file that --write wrote'),
          }),
        )
        .describe('files that set up an account, for a web server to publish'),
      records: z.array(z.string()).describe('SRV records, lines of a zone file'),
    }),
  fields: ({ settings, files, records }) => ({ clients: settings, files, records }),
  page: ({ clients, files, records }) => [
    ...section('Mail clients', table(clientRows(clients).map(([label, text]) => [key(label), html`<td>${text}</td>`]))),
    ...section(
      'SRV records',
      records.length === 0 ? [] : [html`<pre class="plain" tabindex="0">${records.join('\n')}</pre>`],
    ),
    ...section(
      'Files to publish',
      table(
        files.map(({ name, readers, publish }) => [
          html`<td class="mono">${name}</td>`,
          html`<td>
            ${readers}
            <p class="soft">${publish.join(', ')}</p>
          </td>`,
        ]),
      ),
    ),
  ],
});

export const endings = [ending, FAILED];
