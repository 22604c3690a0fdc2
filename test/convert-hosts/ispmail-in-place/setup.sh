# shellcheck shell=sh
mkdir -p /var/vmail
chown vmail:vmail /var/vmail
sqlite3 /var/vmail/users.sqlite <<'END'
CREATE TABLE users (email TEXT, password TEXT);
INSERT INTO users VALUES ('anna@one.test', '{PLAIN}river stone'), ('ben@two.test', '{PLAIN}open door');
END
[ "$STAGE" = new ] || sed -i 's/^!include auth-system/#&/; s/^#\(!include auth-sql[.]\)/\1/' /etc/dovecot/conf.d/10-auth.conf
