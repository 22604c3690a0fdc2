/** A number of hosts, or a share of all. */
export interface Batch {
  readonly amount: number;
  readonly percent: boolean;
}

/** `5` or `20%`; null for anything else. */
export function parseBatch(text: string): Batch | null {
  const [, digits, sign] = /^([1-9]\d{0,5})(%?)$/.exec(text) ?? [];
  if (digits === undefined || (sign === '%' && Number(digits) > 100)) return null;
  return { amount: Number(digits), percent: sign === '%' };
}

/** The number of hosts in a batch, at least one. */
export function sizeOf({ amount, percent }: Batch, hosts: number): number {
  return percent ? Math.max(1, Math.floor((hosts * amount) / 100)) : amount;
}
