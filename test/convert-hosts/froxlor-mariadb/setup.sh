# shellcheck shell=sh
systemctl start mariadb
mariadb <<END
DROP DATABASE IF EXISTS mail; CREATE DATABASE mail; USE mail;
CREATE OR REPLACE USER mail@localhost IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@localhost;
CREATE OR REPLACE USER mail@127.0.0.1 IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@127.0.0.1;
CREATE TABLE mail_users (username VARCHAR(100), email VARCHAR(100), password_enc VARCHAR(150), homedir VARCHAR(100), maildir VARCHAR(100), uid INT, gid INT, quota BIGINT, imap INT, pop3 INT, postfix CHAR(1));
INSERT INTO mail_users VALUES ('anna@one.test', 'anna@one.test', 'river stone', '/var/vmail/', 'web1/one.test/anna/', 5000, 5000, 1, 1, 1, 'Y'), ('ben@two.test', 'ben@two.test', 'open door', '/var/vmail/', 'web2/two.test/ben/', 5000, 5000, 0, 1, 1, 'Y');
END
