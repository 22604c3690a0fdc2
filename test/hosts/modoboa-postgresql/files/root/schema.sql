CREATE TABLE domains (name VARCHAR(100) PRIMARY KEY);
CREATE TABLE mailboxes (address VARCHAR(100) PRIMARY KEY, password VARCHAR(100) NOT NULL, active INTEGER NOT NULL);
CREATE TABLE aliases (source VARCHAR(100) PRIMARY KEY, target VARCHAR(200) NOT NULL);
INSERT INTO domains VALUES ('modo.test');
INSERT INTO mailboxes VALUES ('alice@modo.test', '{PLAIN}tea at five', 1), ('bob@modo.test', '{PLAIN}builder', 1), ('gone@modo.test', '{PLAIN}gone', 0);
INSERT INTO aliases VALUES ('postmaster@modo.test', 'alice@modo.test'), ('sales@modo.test', 'alice@modo.test');
