DROP FUNCTION context(integer, text, text);
-- Everything a request needs to know of its tenant and its user's place in it, in one round trip.
-- No row: no such tenant. `rights` is empty where the user has no membership.
CREATE FUNCTION context(of_user integer, of_slug text, of_inner text)
RETURNS TABLE (
    id integer, kind text, slug text, parent_id integer, parent_slug text, name text, colour text,
    locale text, time_zone text, status text, schema_version integer, moves_allowed boolean,
    lists_fence boolean, trail text[], rights text[], other_tenants boolean
)
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE here AS (
        SELECT t.* FROM tenants t WHERE of_inner IS NULL AND t.slug = of_slug AND t.kind <> 'inner'
        UNION ALL
        SELECT i.* FROM tenants i JOIN tenants p ON p.id = i.parent_id
        WHERE of_inner IS NOT NULL AND p.slug = of_slug AND p.kind <> 'inner' AND i.slug = of_inner AND i.kind = 'inner'
    ), line AS (
        SELECT h.id, h.parent_id, h.name, h.status, h.trashed_at, 0 AS up FROM here h
        UNION ALL
        SELECT p.id, p.parent_id, p.name, p.status, p.trashed_at, up + 1 FROM tenants p JOIN line ON p.id = line.parent_id
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
        COALESCE((SELECT array_agg(DISTINCT rr.right_key)
            FROM memberships m
            JOIN users u ON u.id = m.user_id AND u.state = 'active'
            JOIN membership_roles mr ON mr.membership_id = m.id
            JOIN role_rights rr ON rr.role_id = mr.role_id
            WHERE m.user_id = of_user AND m.tenant_id = h.id), '{}'),
        EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = of_user AND m.tenant_id <> h.id)
    FROM here h LEFT JOIN tenants p ON p.id = h.parent_id
$$;
DROP FUNCTION rights_now(integer, integer);
DROP TRIGGER ceiling ON tenants;
DROP TRIGGER inherits ON tenants;
DROP TRIGGER given ON membership_roles;
DROP TRIGGER taken ON membership_roles;
DROP TRIGGER given ON role_rights;
DROP TRIGGER taken ON role_rights;
DROP TABLE visits, membership_rights, role_versions, role_includes, right_packages;
DROP FUNCTION on_ceiling(), on_new_tenant(), refuse_circles(), on_role_parts(), on_membership_parts(),
    compute_ceilings(integer), compute_roles(integer[]), compute_rights(integer[]), rights_of_roles(integer[]),
    within(text[], text[]), lock_rights();
DELETE FROM memberships m WHERE NOT EXISTS (SELECT 1 FROM membership_roles mr JOIN roles r ON r.id = mr.role_id AND r.built_in
    WHERE mr.membership_id = m.id);
DELETE FROM membership_roles mr USING roles r WHERE r.id = mr.role_id AND NOT r.built_in;
DELETE FROM roles WHERE NOT built_in;
ALTER TABLE memberships DROP CONSTRAINT memberships_dates, DROP COLUMN valid_from, DROP COLUMN valid_until,
    DROP COLUMN granted, DROP COLUMN in_force, DROP COLUMN version;
DROP INDEX roles_key_key;
ALTER TABLE roles DROP CONSTRAINT roles_built_in, DROP COLUMN tenant_id, DROP COLUMN name, DROP COLUMN description,
    DROP COLUMN version, ADD CONSTRAINT roles_key_key UNIQUE (key);
ALTER TABLE tenants DROP COLUMN ceiling, DROP COLUMN ceiling_in_force;
