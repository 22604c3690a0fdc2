# shellcheck shell=sh
systemctl start mariadb
mariadb <<END
DROP DATABASE IF EXISTS mail; CREATE DATABASE mail; USE mail;
CREATE OR REPLACE USER mail@localhost IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@localhost;
CREATE OR REPLACE USER mail@127.0.0.1 IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@127.0.0.1;
CREATE TABLE mailbox (username VARCHAR(100), password VARCHAR(150), maildir VARCHAR(100), quota BIGINT, active TINYINT);
INSERT INTO mailbox VALUES ('anna@one.test', '$(openssl passwd -1 -salt abcdefgh 'river stone')', 'one.test/anna/', 500000, 1), ('ben@two.test', '$(openssl passwd -1 -salt abcdefgh 'open door')', 'two.test/ben/', 0, 1);
END
