require ["editheader", "variables", "vnd.dovecot.pipe", "copy", "fileinto", "mailbox", "include"];
if header :matches "Subject" "*sorted" {
  addheader "X-Sorted" "${1}";
  pipe :copy "note" ["sorted"];
}
include :global "rules";
