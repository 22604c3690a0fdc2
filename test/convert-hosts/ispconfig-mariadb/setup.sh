# shellcheck shell=sh
systemctl start mariadb
mariadb <<END
DROP DATABASE IF EXISTS mail; CREATE DATABASE mail; USE mail;
CREATE OR REPLACE USER mail@localhost IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@localhost;
CREATE OR REPLACE USER mail@127.0.0.1 IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@127.0.0.1;
CREATE TABLE mail_user (email VARCHAR(100), login VARCHAR(100), password VARCHAR(150), maildir VARCHAR(100), maildir_format VARCHAR(10), uid INT, gid INT, quota BIGINT, disable CHAR(1));
INSERT INTO mail_user VALUES ('anna@one.test', 'anna', 'river stone', '/var/vmail/one.test/anna', 'maildir', 5000, 5000, 800000, 'n'), ('ben@two.test', 'ben', 'open door', '/var/vmail/two.test/ben', 'maildir', 5000, 5000, 0, 'n');
END
