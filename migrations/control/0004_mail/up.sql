-- The outbox: mails of the installation itself (invitations, links, notices), written in the transaction of the
-- act they tell of and sent by a job. What a mail says is kept sealed, and only until it is sent: it may carry a
-- link that opens something.
CREATE TABLE mails (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    -- Which text it is.
    kind text NOT NULL,
    -- The address as it was when the mail was written.
    address text NOT NULL,
    -- Subject and text, sealed; gone once they are sent or given up.
    sealed bytea,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed')),
    tries integer NOT NULL DEFAULT 0,
    -- What the mail server said last.
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CONSTRAINT mails_sealed CHECK ((state = 'waiting') = (sealed IS NOT NULL))
);
CREATE INDEX mails_user_idx ON mails (user_id, id);
CREATE INDEX mails_ended_idx ON mails (ended_at);
