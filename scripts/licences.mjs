// The licences of the packages that are part of dist/program.cjs, for dist/LICENCES.txt.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** @param files paths of what is bundled: `node_modules/NAME/…` */
export function licences(files) {
  const folders = new Set(files.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
  const parts = [...folders]
    .sort((a, b) => (a < b ? -1 : 1))
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
      const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
      const text = file && existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, 'utf8').trim() : '';
      return `${name} ${version}: ${license}\n\n${text}\n`;
    });
  return `harden-mail contains the packages below, under these licences.\n\n${parts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}
