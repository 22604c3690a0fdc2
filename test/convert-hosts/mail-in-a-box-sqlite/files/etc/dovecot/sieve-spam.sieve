require ["regex", "fileinto", "imap4flags"];
if allof (header :regex "X-Spam-Flag" "^YES") { fileinto "Spam"; stop; }
