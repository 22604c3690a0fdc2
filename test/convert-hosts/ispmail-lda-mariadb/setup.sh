# shellcheck shell=sh
systemctl start mariadb
mariadb <<END
DROP DATABASE IF EXISTS mail; CREATE DATABASE mail; USE mail;
CREATE OR REPLACE USER mail@localhost IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@localhost;
CREATE OR REPLACE USER mail@127.0.0.1 IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@127.0.0.1;
CREATE TABLE virtual_users (email VARCHAR(100), password VARCHAR(150));
INSERT INTO virtual_users VALUES ('anna@isp.test', MD5('river stone')), ('ben@isp.test', CONCAT('{SHA256}', TO_BASE64(UNHEX(SHA2('open door', 256)))));
END
[ "$STAGE" = new ] || sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
