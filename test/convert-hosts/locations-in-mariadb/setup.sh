# shellcheck shell=sh
systemctl start mariadb
mariadb <<END
DROP DATABASE IF EXISTS mail; CREATE DATABASE mail; USE mail;
CREATE OR REPLACE USER mail@localhost IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@localhost;
CREATE OR REPLACE USER mail@127.0.0.1 IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@127.0.0.1;
CREATE TABLE users (name VARCHAR(100), password VARCHAR(100), home VARCHAR(100), mail VARCHAR(200), rule VARCHAR(100), bytes BIGINT);
INSERT INTO users VALUES
  ('anna@one.test', '{PLAIN}river stone', '/var/vmail/homes/anna', 'maildir:/var/vmail/anna:INDEX=/var/vmail/index/anna', '*:storage=600K', 614400),
  ('ben@two.test', '{PLAIN}open door', '/var/vmail/homes/ben', NULL, NULL, 512000),
  ('carl@one.test', '{PLAIN}green field', '/var/vmail/homes/carl', '/var/vmail/carl', '*:storage=700', 716800),
  ('dora@two.test', '{PLAIN}high tower', '/var/vmail/homes/dora', 'mdbox:/var/vmail/dora', '*:bytes=900000:messages=200', 900000);
END
if [ "$STAGE" = old ]; then
  mkdir -p /var/vmail/carl/cur /var/vmail/carl/new /var/vmail/carl/tmp /var/vmail/index
  chown -R vmail:vmail /var/vmail
fi
