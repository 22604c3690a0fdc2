require ["vnd.dovecot.pipe", "copy", "imapsieve", "environment", "variables"];
if environment :matches "imap.cause" "*" { set "cause" "${1}"; }
pipe :copy "learn" [ "spam", "${cause}" ];
