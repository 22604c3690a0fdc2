CREATE TABLE domains (name VARCHAR(100) PRIMARY KEY);
CREATE TABLE mailboxes (address VARCHAR(100) PRIMARY KEY, password VARCHAR(100) NOT NULL, active INTEGER NOT NULL);
CREATE TABLE aliases (source VARCHAR(100) PRIMARY KEY, target VARCHAR(200) NOT NULL);
INSERT INTO domains VALUES ('isp.test');
INSERT INTO mailboxes VALUES ('alice@isp.test', '{PLAIN}tea at five', 1), ('bob@isp.test', '{PLAIN}builder', 1), ('gone@isp.test', '{PLAIN}gone', 0);
INSERT INTO aliases VALUES ('postmaster@isp.test', 'alice@isp.test'), ('sales@isp.test', 'alice@isp.test');
