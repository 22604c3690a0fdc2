import type { RemoteCommand } from '../model/index.ts';
import { escape } from './escape.ts';

/** `mx1: ran gather: 0.31 s, 4.1 kB sent, 92.0 kB received` */
export function commandLine({ host, name, seconds, sent, received, code }: RemoteCommand): string {
  const end = code === null ? ', no answer' : code === 0 ? '' : `, exit status ${code}`;
  return `${escape(host)}: ran ${name}: ${seconds.toFixed(2)} s, ${size(sent)} sent, ${size(received)} received${end}`;
}

function size(bytes: number): string {
  return bytes < 1000
    ? `${bytes} B`
    : bytes < 1e6
      ? `${(bytes / 1e3).toFixed(1)} kB`
      : `${(bytes / 1e6).toFixed(1)} MB`;
}
