// mocha's spec reporter, and the counts and the failed tests of the suite as one line in the file that HARDEN_MAIL_COUNTS names.
const { appendFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      if (process.env.HARDEN_MAIL_COUNTS) {
        const failed = this.failures.map((test) => ({ title: test.fullTitle(), message: String(test.err?.message) }));
        appendFileSync(process.env.HARDEN_MAIL_COUNTS, `${JSON.stringify({ passes, failures, pending, failed })}\n`);
      }
    });
  }
};
