/** Names that occur more than once in src/ on purpose, each with the reason. scripts/structure.mjs holds all others to one place. */
const OF_A_TASK = 'a task, the fragments of that task, and the check of what it sets';
const OF_A_COMMAND = 'every command exports its flow and its endings';

export const sameName = {
  files: {
    'dovecot-ssl.ts': OF_A_TASK,
    'plaintext.ts': OF_A_TASK,
    'sasl.ts': OF_A_TASK,
    'smtps.ts': OF_A_TASK,
    'sni.ts': OF_A_TASK,
    'starttls.ts': OF_A_TASK,
    'auth.ts': 'the check of what a server offers, and the authentication of SSH',
    'login.ts': 'the check of a login, and the login over SSH',
    'index.ts': 'the list of all files of its folder',
    'verify.ts': 'the command, and the module that it runs',
  },
  exports: {
    dovecotSsl: OF_A_TASK,
    plaintext: OF_A_TASK,
    sasl: OF_A_TASK,
    smtps: OF_A_TASK,
    starttls: OF_A_TASK,
    flow: OF_A_COMMAND,
    endings: OF_A_COMMAND,
    wrap: 'the name that cliui imports, and the function that does it',
  },
};
