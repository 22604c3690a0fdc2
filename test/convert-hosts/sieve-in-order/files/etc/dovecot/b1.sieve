require ["vnd.dovecot.pipe", "copy"];
pipe :copy "b1";
