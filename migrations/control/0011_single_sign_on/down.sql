DROP FUNCTION sign_on_asked(integer, integer);
ALTER TABLE api_tokens DROP COLUMN signed_on;
ALTER TABLE membership_roles DROP COLUMN from_claims;
DROP TABLE sign_on_requests, sign_on_permits, sign_on_links, sign_on_roles, sign_ons;
