DROP FUNCTION unconfirmable(integer[], integer, timestamptz);
DROP FUNCTION ask_again(integer, integer);
ALTER TABLE users DROP COLUMN entrusted_by, DROP COLUMN entrusted_at;
ALTER TABLE sign_on_roles DROP COLUMN asked_by;
