CREATE TABLE domains (name VARCHAR(100) PRIMARY KEY);
CREATE TABLE mailboxes (address VARCHAR(100) PRIMARY KEY, password VARCHAR(100) NOT NULL, active INTEGER NOT NULL);
CREATE TABLE aliases (source VARCHAR(100) PRIMARY KEY, target VARCHAR(200) NOT NULL);
INSERT INTO domains VALUES ('froxlor.test');
INSERT INTO mailboxes VALUES ('alice@froxlor.test', '{PLAIN}tea at five', 1), ('bob@froxlor.test', '{PLAIN}builder', 1), ('gone@froxlor.test', '{PLAIN}gone', 0);
INSERT INTO aliases VALUES ('postmaster@froxlor.test', 'alice@froxlor.test'), ('sales@froxlor.test', 'alice@froxlor.test');
