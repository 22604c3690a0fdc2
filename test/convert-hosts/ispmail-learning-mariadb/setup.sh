# shellcheck shell=sh
systemctl start mariadb
mariadb <<'END'
DROP DATABASE IF EXISTS mail; CREATE DATABASE mail; USE mail;
CREATE OR REPLACE USER mail@localhost IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@localhost;
CREATE OR REPLACE USER mail@127.0.0.1 IDENTIFIED BY "vault-key"; GRANT ALL ON mail.* TO mail@127.0.0.1;
CREATE TABLE virtual_domains (id INT PRIMARY KEY, name VARCHAR(50));
CREATE TABLE virtual_users (id INT PRIMARY KEY, domain_id INT, email VARCHAR(100), password VARCHAR(150), quota BIGINT NOT NULL DEFAULT 0);
INSERT INTO virtual_domains VALUES (1, 'isp.test');
INSERT INTO virtual_users VALUES
  (1, 1, 'anna@isp.test', '{SHA256-CRYPT}$5$riverriver$SBbF4/Ks9Fw6cv0dVFrN/e8I5MkGQwkmClbNmhUUmxA', 500000),
  (2, 1, 'ben@isp.test', '{SHA512-CRYPT}$6$opendoor$2hJ13XwoNsXI4I6L2p./4LmXPitD7HzNKOv2xBGQJl02yvVqMOi9ajtAys4mRWfimRIewiCoNHeRUOFUuz3en1', 0),
  (3, 1, 'cay@isp.test', '{SHA256-CRYPT}$5$greenhill$GId9LBTs9jsWOeKXeWjrAIlCfBFZcLAi/Nm8NtVSd.A', 720000);
END
: >/var/vmail/learnt
chown vmail:vmail /var/vmail/learnt
if [ "$STAGE" = old ]; then
  sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
  chmod 755 /etc/dovecot/sieve/learn-spam.sh /etc/dovecot/sieve/learn-ham.sh
  chown -R vmail:vmail /etc/dovecot/sieve
  chown root:root /etc/dovecot/dovecot-sql.conf.ext
  chmod 600 /etc/dovecot/dovecot-sql.conf.ext
fi
