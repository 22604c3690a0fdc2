# shellcheck shell=sh
chown mail:mail /var/vmail
sqlite3 /var/vmail/users.sqlite <<'END'
CREATE TABLE users (email TEXT, password TEXT);
INSERT INTO users VALUES ('anna@one.test', '{PLAIN}river stone'), ('ben@two.test', '{PLAIN}open door');
END
[ "$STAGE" = new ] || chmod 755 /etc/dovecot/learn/learn
[ "$STAGE" = new ] || sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
