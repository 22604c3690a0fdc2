/** `: did you mean "port"?` for the nearest known name; empty if none is near, or if the word itself is known (out of place). */
export function closest(word: string, known: readonly string[]): string {
  if (known.includes(word)) return '';
  const lower = word.toLowerCase();
  const [nearest] = known
    .map((name) => ({ name, distance: distance(lower, name.toLowerCase()) }))
    .filter((one) => one.distance <= Math.max(1, Math.floor(word.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return nearest ? `: did you mean "${nearest.name}"?` : '';
}

/** The edit distance of two words: letters to add, remove, replace, or swap with their neighbour. */
function distance(a: string, b: string): number {
  let [before, row] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const best = [next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + same];
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best.push(before[j - 2]! + 1);
      next.push(Math.min(...best));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
