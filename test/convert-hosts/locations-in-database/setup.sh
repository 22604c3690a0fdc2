# shellcheck shell=sh
if [ "$STAGE" = old ]; then
  mkdir -p /var/vmail/carl/cur /var/vmail/carl/new /var/vmail/carl/tmp /var/vmail/index
  sqlite3 /var/vmail/users.db <<'END'
CREATE TABLE users (name TEXT, password TEXT, home TEXT, mail TEXT, rule TEXT, bytes INTEGER);
INSERT INTO users VALUES
  ('anna@one.test', '{PLAIN}river stone', '/var/vmail/homes/anna', 'maildir:/var/vmail/anna:INDEX=/var/vmail/index/anna', '*:storage=600K', 614400),
  ('ben@two.test', '{PLAIN}open door', '/var/vmail/homes/ben', NULL, NULL, 512000),
  ('carl@one.test', '{PLAIN}green field', '/var/vmail/homes/carl', '/var/vmail/carl', '*:storage=700', 716800),
  ('dora@two.test', '{PLAIN}high tower', '/var/vmail/homes/dora', 'mdbox:/var/vmail/dora', '*:bytes=900000:messages=200', 900000);
END
  chown -R vmail:vmail /var/vmail
fi
