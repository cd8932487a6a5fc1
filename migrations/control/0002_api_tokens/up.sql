-- Tokens for programs that act on behalf of a user in one tenant. A token is 256 random bits, shown once;
-- only its SHA-256 is kept, so that whoever reads this table can act as nobody.
CREATE TABLE api_tokens (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- User and tenant in one: a membership that ends takes its tokens along, and granting it anew revives none.
    membership_id integer NOT NULL REFERENCES memberships ON DELETE CASCADE,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 100),
    key_hash bytea NOT NULL CONSTRAINT api_tokens_key_key UNIQUE,
    -- The first characters, so that its owner knows it again.
    beginning text NOT NULL,
    -- What it may at most; what its user may in the tenant narrows this in each request.
    rights text[] NOT NULL,
    -- Hash of the user's password hash: with another password the token is dead, whoever changed it.
    password_mark bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    last_used_at timestamptz,
    revoked_at timestamptz,
    revoked_by integer,
    CONSTRAINT api_tokens_a_year_at_most CHECK (expires_at <= created_at + interval '367 days')
);
CREATE INDEX api_tokens_membership_idx ON api_tokens (membership_id);
