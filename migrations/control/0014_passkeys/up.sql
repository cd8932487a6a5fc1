-- Passkeys (WebAuthn) as second factor, beside or instead of an authenticator app. A user's row of `second_factors`
-- stands for whatever he has: recovery codes, trusted devices and passkeys end with it.
ALTER TABLE second_factors ALTER COLUMN sealed DROP NOT NULL;
-- Since when codes of the app count; NULL where there is no app, or it is being set up.
ALTER TABLE second_factors ADD COLUMN app_since timestamptz;
UPDATE second_factors SET app_since = confirmed_at;
ALTER TABLE second_factors ADD CONSTRAINT second_factors_app_check
    CHECK (app_since IS NULL OR (sealed IS NOT NULL AND confirmed_at IS NOT NULL));

CREATE TABLE passkeys (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES second_factors ON DELETE CASCADE,
    -- As its authenticator calls it. No two users have the same.
    credential_id bytea NOT NULL CONSTRAINT passkeys_credential_key UNIQUE,
    -- How the authenticator is reached, a bit for each way.
    transports smallint NOT NULL,
    -- The public key, which never changes.
    public_key bytea NOT NULL,
    -- What changes with use: the counter of signatures above all.
    state bytea NOT NULL CHECK (octet_length(state) = 7),
    name text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz
);
CREATE INDEX passkeys_user_idx ON passkeys (user_id);

-- What passkeys are asked to sign: one at a time for each session, gone with the first answer.
CREATE TABLE passkey_ceremonies (
    -- Hash of the token of the session that began it: no other browser can end it.
    browser_hash bytea PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose text NOT NULL CHECK (purpose IN ('add', 'use')),
    -- What the answer is compared with, the challenge among it.
    state bytea NOT NULL,
    -- Of the passkey that is being made.
    name text NOT NULL DEFAULT '',
    expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_ceremonies_expires_idx ON passkey_ceremonies (expires_at);
CREATE INDEX passkey_ceremonies_user_idx ON passkey_ceremonies (user_id);
