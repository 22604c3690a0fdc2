/** Debian's Chromium without a window, spoken to over a pipe (the DevTools protocol). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Answer = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Answer;
  readonly result?: Answer;
  readonly error?: { readonly message: string };
}

export interface Browser {
  /** Opens a page, and waits until it has loaded. Gives what the browser complained of meanwhile, and what it asked for. */
  open(url: string): Promise<{ readonly complaints: string[]; readonly requests: string[] }>;
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** How the page is looked at: on paper, in the dark, so many pixels wide. */
  look(how: {
    readonly media?: 'print' | 'screen';
    readonly scheme?: 'dark' | 'light';
    readonly width?: number;
  }): Promise<void>;
  /** The whole page as PNG. */
  picture(): Promise<Buffer>;
  /** As it would be printed. */
  pdf(): Promise<Buffer>;
  close(): Promise<void>;
}

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-pipe'],
];

export async function chromium(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'harden-mail-browser-'));
  const child = spawn('chromium', [...FLAGS, `--user-data-dir=${profile}`], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<number, (message: Message) => void>();
  const heard: Message[] = [];
  let rest = '';
  from.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\0');
    rest = parts.pop() ?? '';
    for (const message of parts.map((part) => JSON.parse(part) as Message)) {
      if (message.id === undefined) heard.push(message);
      else waiting.get(message.id)?.(message);
    }
  });
  let count = 0;
  let session: string | undefined;
  const send = (method: string, params: Answer = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, ({ result, error }) => {
        waiting.delete(id);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result ?? {});
      });
      to.write(`${JSON.stringify({ id, method, params, ...(session && { sessionId: session }) })}\0`);
    });

  const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
  session = (await send('Target.attachToTarget', { targetId, flatten: true }))['sessionId'] as string;
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);

  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return (result as { value: T }).value;
  };
  const bytes = async (method: string, params: Answer): Promise<Buffer> =>
    Buffer.from((await send(method, params))['data'] as string, 'base64');

  return {
    async open(url) {
      heard.length = 0;
      await send('Page.navigate', { url });
      while (!heard.some(({ method }) => method === 'Page.loadEventFired')) await once(from, 'data');
      const of = (method: string) => heard.flatMap((one) => (one.method === method ? [one.params ?? {}] : []));
      return {
        complaints: of('Log.entryAdded').map(({ entry }) => (entry as { text: string }).text),
        requests: of('Network.requestWillBeSent').map(({ request }) => (request as { url: string }).url),
      };
    },
    evaluate,
    async look({ media = 'screen', scheme = 'light', width = 1100 }) {
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await send('Emulation.setEmulatedMedia', { media, features });
      await send('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false });
    },
    picture: () => bytes('Page.captureScreenshot', { captureBeyondViewport: true }),
    pdf: () => bytes('Page.printToPDF', { printBackground: true }),
    async close() {
      const ended = once(child, 'close');
      session = undefined;
      await send('Browser.close');
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
