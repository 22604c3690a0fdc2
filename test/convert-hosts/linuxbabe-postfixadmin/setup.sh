# shellcheck shell=sh
systemctl start mariadb
mariadb <<END
DROP DATABASE IF EXISTS mail; CREATE DATABASE mail; USE mail;
CREATE OR REPLACE USER mail@localhost IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@localhost;
CREATE OR REPLACE USER mail@127.0.0.1 IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@127.0.0.1;
CREATE TABLE mailbox (username VARCHAR(100), password VARCHAR(150), maildir VARCHAR(100), local_part VARCHAR(50), domain VARCHAR(50), quota BIGINT, active BOOL);
INSERT INTO mailbox VALUES ('anna@one.test', '{PLAIN}river stone', 'one.test/anna/', 'anna', 'one.test', 900000, 1);
END
[ "$STAGE" = new ] || chmod 640 /etc/dovecot/dovecot-sql.conf.ext
