require ["fileinto", "mailbox"];
if header :contains "Subject" "after over" { fileinto :create "After"; }
