DROP TABLE passkey_ceremonies, passkeys;
-- Who had nothing but passkeys has no second factor then.
DELETE FROM second_factors WHERE sealed IS NULL;
UPDATE second_factors SET confirmed_at = app_since;
ALTER TABLE second_factors DROP CONSTRAINT second_factors_app_check;
ALTER TABLE second_factors DROP COLUMN app_since;
ALTER TABLE second_factors ALTER COLUMN sealed SET NOT NULL;
