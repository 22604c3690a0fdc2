require ["vnd.dovecot.pipe", "copy"];
pipe :copy "a2";
