-- What holders of a role see of a field and may do with it. Without a row: what the field itself says for all.
-- Roles are the installation's and their ids are never used again, so a row of one that is gone says nothing.
CREATE TABLE field_rights (
    field_id integer NOT NULL REFERENCES fields ON DELETE CASCADE,
    role_id integer NOT NULL,
    mode text NOT NULL CHECK (mode IN ('editable', 'read_only', 'masked', 'hidden')),
    PRIMARY KEY (field_id, role_id)
);
