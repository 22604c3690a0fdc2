# shellcheck shell=sh
systemctl start mariadb
mariadb <<END
DROP DATABASE IF EXISTS mail; CREATE DATABASE mail; USE mail;
CREATE OR REPLACE USER mail@localhost IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@localhost;
CREATE OR REPLACE USER mail@127.0.0.1 IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@127.0.0.1;
CREATE TABLE mailbox (username VARCHAR(100), password VARCHAR(150), storage VARCHAR(100), maildir VARCHAR(100), quota BIGINT, active TINYINT);
INSERT INTO mailbox VALUES ('anna@one.test', 'river stone', '/var/vmail', 'one.test/a/anna', 500, 1), ('ben@one.test', 'open door', '/var/vmail', 'one.test/b/ben', 0, 1);
CREATE TABLE used_quota (username VARCHAR(100) PRIMARY KEY, bytes BIGINT DEFAULT 0, messages BIGINT DEFAULT 0);
CREATE TABLE share_folder (from_user VARCHAR(100), to_user VARCHAR(100), dummy CHAR(1), PRIMARY KEY (from_user, to_user));
CREATE TABLE anyone_shares (from_user VARCHAR(100) PRIMARY KEY, dummy CHAR(1));
CREATE TABLE last_login (username VARCHAR(100) PRIMARY KEY, domain VARCHAR(100), imap INT, pop3 INT);
END
