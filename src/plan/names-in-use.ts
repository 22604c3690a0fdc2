import type { Policy } from '../model/index.ts';

/** Names of certificates that are served now and that the administrator did not ask for. */
export function onlyInUse({ namesInUse = [], domains }: Policy): string[] {
  return namesInUse.filter((name) => !domains.includes(name));
}
