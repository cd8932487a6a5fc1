-- Access review: who still needs his place in a tenant, and accounts that nobody uses any more.
ALTER TABLE memberships
    -- When somebody said last that it is still needed, and who.
    ADD COLUMN confirmed_at timestamptz,
    ADD COLUMN confirmed_by integer,
    -- When it was last used, by a page or a token; to ten minutes.
    ADD COLUMN last_used_at timestamptz;

-- Since when the account may be used: who was activated again is not dormant at once.
ALTER TABLE users ADD COLUMN active_since timestamptz NOT NULL DEFAULT now();

ALTER TABLE tenants
    -- After how many months each place is to be confirmed anew; NULL: never.
    ADD COLUMN review_months integer CONSTRAINT tenants_review_months CHECK (review_months BETWEEN 1 AND 36),
    ADD COLUMN review_reminded_at timestamptz,
    -- After how many days without use the accounts at home here are deactivated; NULL: never.
    ADD COLUMN dormant_days integer CONSTRAINT tenants_dormant_days CHECK (dormant_days BETWEEN 30 AND 3650);
