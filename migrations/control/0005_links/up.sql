-- Links that let somebody set a password: from an invitation, or because he forgot his. A link is 256 random bits,
-- signed; only its SHA-256 is kept, so that whoever reads this table can open nothing.
CREATE TABLE links (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('reset', 'invitation')),
    key_hash bytea NOT NULL CONSTRAINT links_key_key UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by integer,
    -- Whether it went by mail; else it was shown once.
    mailed boolean NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    -- Withdrawn, or replaced by another.
    ended_at timestamptz
);
-- Of each kind at most one is open: a new one ends those before it.
CREATE UNIQUE INDEX links_open_key ON links (user_id, kind) WHERE used_at IS NULL AND ended_at IS NULL;
CREATE INDEX links_user_idx ON links (user_id);
CREATE INDEX links_expires_idx ON links (expires_at);
