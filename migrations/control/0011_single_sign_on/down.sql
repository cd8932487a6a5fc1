DROP FUNCTION context(integer, text, text);
-- Everything a request needs to know of its tenant and its user's place in it, in one round trip.
-- No row: no such tenant. `rights` is empty where the user has no membership.
CREATE FUNCTION context(of_user integer, of_slug text, of_inner text)
RETURNS TABLE (
    id integer, kind text, slug text, parent_id integer, parent_slug text, name text, colour text,
    locale text, time_zone text, status text, schema_version integer, moves_allowed boolean,
    lists_fence boolean, trail text[], rights text[], other_tenants boolean, visits_from integer,
    inner_below boolean,
    second_factor_missing boolean
)
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE here AS (
        SELECT t.* FROM tenants t WHERE of_inner IS NULL AND t.slug = of_slug AND t.kind <> 'inner'
        UNION ALL
        SELECT i.* FROM tenants i JOIN tenants p ON p.id = i.parent_id
        WHERE of_inner IS NOT NULL AND p.slug = of_slug AND p.kind <> 'inner' AND i.slug = of_inner AND i.kind = 'inner'
    ), line AS (
        SELECT h.id, h.parent_id, h.name, h.status, h.trashed_at, h.second_factor, 0 AS up FROM here h
        UNION ALL
        SELECT p.id, p.parent_id, p.name, p.status, p.trashed_at, p.second_factor, up + 1 FROM tenants p JOIN line ON p.id = line.parent_id
    )
    SELECT h.id, h.kind, h.slug, h.parent_id, p.slug, h.name, h.colour, h.locale, h.time_zone,
        -- The most severe status of the tenant and all above it.
        (SELECT CASE
            WHEN bool_or(l.trashed_at IS NOT NULL) THEN 'trashed'
            WHEN bool_or(l.status = 'locked') THEN 'locked'
            WHEN bool_or(l.status = 'no_login') AND bool_or(l.status = 'no_sending') THEN 'locked'
            WHEN bool_or(l.status = 'no_login') THEN 'no_login'
            WHEN bool_or(l.status = 'no_sending') THEN 'no_sending'
            ELSE 'active' END FROM line l),
        CASE h.kind WHEN 'inner' THEN p.schema_version ELSE h.schema_version END,
        h.moves_allowed,
        COALESCE(jsonb_array_length(h.fence -> 'lists') > 0, false),
        (SELECT array_agg(l.name ORDER BY l.up DESC) FROM line l),
        now_held.rights,
        EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = of_user AND m.tenant_id <> h.id),
        now_held.visits_from,
        EXISTS (SELECT 1 FROM tenants i WHERE i.parent_id = h.id AND i.kind = 'inner'),
        -- The tenant or one above it asks for a second factor, and the user has none.
        (SELECT bool_or(l.second_factor) FROM line l)
            AND NOT EXISTS (SELECT 1 FROM second_factors f WHERE f.user_id = of_user AND f.confirmed_at IS NOT NULL)
    FROM here h LEFT JOIN tenants p ON p.id = h.parent_id CROSS JOIN LATERAL rights_now(of_user, h.id) now_held
$$;
DROP FUNCTION sign_on_asked(integer, integer);
ALTER TABLE api_tokens DROP COLUMN signed_on;
ALTER TABLE membership_roles DROP COLUMN from_claims;
DROP TABLE sign_on_requests, sign_on_permits, sign_on_links, sign_on_roles, sign_ons;
