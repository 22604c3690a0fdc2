# shellcheck shell=sh
systemctl start postgresql
for _ in $(seq 50); do su postgres -c 'psql -l' >/dev/null 2>&1 && break; sleep 0.2; done
cd / && su postgres -c psql >/dev/null <<'END'
DROP DATABASE IF EXISTS mail;
DROP ROLE IF EXISTS mail;
CREATE ROLE mail LOGIN PASSWORD 'vault-key';
CREATE DATABASE mail OWNER mail;
\c mail
SET ROLE mail;
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
