/** `harden-mail report`: an HTML page from the JSON document of a run, from a file or standard input. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Process } from '../terminal/process.ts';
import { HardenMailError } from '../model/errors.ts';
import { page } from '../report/page.ts';
import type { Views } from '../report/ending-view.ts';
import { allViews, HOST_COMMAND_NAMES } from '../run/commands/index.ts';
import { readDocument, type Document } from '../report/document-schema.ts';
import { outcomeOf, totalOf } from '../report/total.ts';

export interface ReportRequest {
  /** The document; absent: standard input. */
  readonly from?: string | undefined;
  /** Path of the page to write. */
  readonly html: string;
}

/** Writes the page and returns a line about it. Throws USAGE, with nothing written, for input that is not a document. */
export async function writeReport({ from, html }: ReportRequest, { stdin }: Process): Promise<string> {
  const where = from ?? 'standard input';
  const views = await allViews();
  const document = parse(from === undefined ? await readAll(stdin) : await read(from), where, views);
  await writeFile(html, page(document, views)).catch((error: NodeJS.ErrnoException) => {
    throw usage(`--html ${html} cannot be written: ${error.code ?? error.message}`, 'Give the path of a file.');
  });
  return `${html}: ${totalOf(document.hosts.map(({ outcome, exit }) => outcomeOf(outcome, exit, views)))}`;
}

function parse(text: string, where: string, views: Views): Document {
  const refuse = (what: string): never => {
    const how = 'Give the standard output of `harden-mail … --json`.';
    throw usage(`${where} holds no document of harden-mail: ${what}`, how);
  };
  if (text.trim() === '') return refuse('it is empty');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse((error as Error).message);
  }
  const document = readDocument(value, HOST_COMMAND_NAMES, views);
  return 'wrong' in document ? refuse(document.wrong) : document;
}

async function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usage(`${path} cannot be read: ${error.code ?? error.message}`, 'Give the file with the output of --json.');
  });
}

async function readAll(stdin: Process['stdin']): Promise<string> {
  if (stdin.isTTY) {
    throw usage(
      'no document is given',
      'Run `harden-mail check --json … | harden-mail report --html out.html`, or give the file of the document.',
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

function usage(message: string, hint: string): HardenMailError {
  return new HardenMailError('USAGE', message, hint);
}
