import type { Policy } from '../model/index.ts';

/** Names that a certificate which is served now has, and that the administrator did not ask for. */
export function onlyInUse({ namesInUse = [], domains }: Policy): string[] {
  return namesInUse.filter((name) => !domains.includes(name));
}
