require ["fileinto", "special-use"];
if header :contains "X-Spam-Flag" "YES" { fileinto :specialuse "\\Junk" "Junk"; }
