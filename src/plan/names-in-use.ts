import type { Policy } from '../model/index.ts';

/** The names of the certificates that are served now, without those that the administrator asked for. */
export function onlyInUse({ namesInUse = [], domains }: Policy): string[] {
  return namesInUse.filter((name) => !domains.includes(name));
}
