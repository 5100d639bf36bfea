-- Contacts are put as one list, so the list has the version: who has not seen it does not overwrite it.

CREATE TABLE contact_lists (
    centre  text COLLATE "C" PRIMARY KEY,
    version integer NOT NULL
);
INSERT INTO contact_lists (centre, version) SELECT DISTINCT centre, 1 FROM contacts;
