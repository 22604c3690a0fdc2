CREATE TABLE domains (name VARCHAR(100) PRIMARY KEY);
CREATE TABLE mailboxes (address VARCHAR(100) PRIMARY KEY, password VARCHAR(100) NOT NULL, active INTEGER NOT NULL);
CREATE TABLE aliases (source VARCHAR(100) PRIMARY KEY, target VARCHAR(200) NOT NULL);
INSERT INTO domains VALUES ('maria.test');
INSERT INTO mailboxes VALUES ('alice@maria.test', '{PLAIN}tea at five', 1), ('bob@maria.test', '{PLAIN}builder', 1), ('gone@maria.test', '{PLAIN}gone', 0);
INSERT INTO aliases VALUES ('postmaster@maria.test', 'alice@maria.test'), ('sales@maria.test', 'alice@maria.test');
