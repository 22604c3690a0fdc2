# shellcheck shell=sh
systemctl start mariadb
mariadb <<END
DROP DATABASE IF EXISTS mail; CREATE DATABASE mail; USE mail;
CREATE OR REPLACE USER mail@localhost IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@localhost;
CREATE OR REPLACE USER mail@127.0.0.1 IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@127.0.0.1;
CREATE TABLE mailbox (username VARCHAR(100), quota BIGINT, active BOOL);
INSERT INTO mailbox VALUES ('anna@one.test', 1200000, 1), ('ben@one.test', 0, 1);
CREATE TABLE quota2 (username VARCHAR(100) PRIMARY KEY, bytes BIGINT NOT NULL DEFAULT 0, messages BIGINT NOT NULL DEFAULT 0);
CREATE TABLE anyone_acl (from_user VARCHAR(100) PRIMARY KEY, dummy CHAR(1));
CREATE TABLE user_acl (from_user VARCHAR(100), to_user VARCHAR(100), dummy CHAR(1), PRIMARY KEY (from_user, to_user));
END
: >/var/vmail/learnt
chown vmail:vmail /var/vmail/learnt
if [ "$STAGE" = old ]; then
  mkdir /etc/dovecot/crypt
  openssl ecparam -name prime256v1 -genkey 2>/dev/null | openssl pkey -out /etc/dovecot/crypt/private.pem
  openssl pkey -in /etc/dovecot/crypt/private.pem -pubout -out /etc/dovecot/crypt/public.pem
  chmod 755 /etc/dovecot/learn/learn
  chown -R vmail:vmail /etc/dovecot/sieve /etc/dovecot/crypt
fi
