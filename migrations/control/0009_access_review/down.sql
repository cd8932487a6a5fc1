ALTER TABLE tenants DROP COLUMN review_months, DROP COLUMN review_reminded_at, DROP COLUMN dormant_days;
ALTER TABLE users DROP COLUMN active_since;
ALTER TABLE memberships DROP COLUMN confirmed_at, DROP COLUMN confirmed_by, DROP COLUMN last_used_at;
