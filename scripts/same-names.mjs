/** Names that occur more than once in src/ on purpose, each with the reason. scripts/structure.mjs holds all others to one place. */
export const sameName = {
  files: {},
  exports: {},
};
