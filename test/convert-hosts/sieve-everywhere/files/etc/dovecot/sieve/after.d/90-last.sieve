require ["vnd.dovecot.filter", "vnd.dovecot.execute", "variables", "imap4flags", "duplicate"];
if header :contains "Subject" "flagged" {
  execute :output "answer" "note" ["flagged"];
  setflag "${answer}";
  filter "shout";
}
