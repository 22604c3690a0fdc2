# shellcheck shell=sh
systemctl start postgresql
for _ in $(seq 50); do su postgres -c 'psql -l' >/dev/null 2>&1 && break; sleep 0.2; done
cd / && su postgres -c psql >/dev/null <<'END'
DROP DATABASE IF EXISTS mail;
DROP ROLE IF EXISTS mail;
CREATE ROLE mail LOGIN PASSWORD 'vault-key';
CREATE DATABASE mail OWNER mail;
\c mail
SET ROLE mail;
CREATE TABLE core_user (email VARCHAR(100), password VARCHAR(150), quota BIGINT, is_active BOOLEAN);
INSERT INTO core_user VALUES ('anna@one.test', '{PLAIN}river stone', 1, true), ('ben@two.test', '{PLAIN}open door', 0, true);
CREATE TABLE admin_quota (username VARCHAR(100) PRIMARY KEY, bytes BIGINT NOT NULL DEFAULT 0, messages INTEGER NOT NULL DEFAULT 0);
CREATE FUNCTION merge_quota() RETURNS TRIGGER AS $$ BEGIN
  IF NEW.messages < 0 OR NEW.messages IS NULL THEN
    IF NEW.messages IS NULL THEN NEW.messages = 0; ELSE NEW.messages = -NEW.messages; END IF;
    RETURN NEW;
  END IF;
  LOOP
    UPDATE admin_quota SET bytes = bytes + NEW.bytes, messages = messages + NEW.messages WHERE username = NEW.username;
    IF found THEN RETURN NULL; END IF;
    BEGIN
      IF NEW.messages = 0 THEN INSERT INTO admin_quota (bytes, messages, username) VALUES (NEW.bytes, NULL, NEW.username);
      ELSE INSERT INTO admin_quota (bytes, messages, username) VALUES (NEW.bytes, -NEW.messages, NEW.username); END IF;
      RETURN NULL;
    EXCEPTION WHEN unique_violation THEN
    END;
  END LOOP;
END; $$ LANGUAGE plpgsql;
CREATE TRIGGER mergequota BEFORE INSERT ON admin_quota FOR EACH ROW EXECUTE PROCEDURE merge_quota();
END
[ "$STAGE" = new ] || sed -i 's/^!include auth-system/#&/' /etc/dovecot/conf.d/10-auth.conf
