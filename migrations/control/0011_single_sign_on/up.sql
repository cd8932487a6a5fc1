-- Single sign-on by OpenID Connect: a provider for each tenant that has one, which of its claims give which roles,
-- who is known to it under which subject, and log-ins that are under way.
CREATE TABLE sign_ons (
    tenant_id integer PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
    -- `only`: the tenant, and all below it, let in nobody else.
    state text NOT NULL CHECK (state IN ('off', 'on', 'only')),
    issuer text NOT NULL,
    client_id text NOT NULL,
    -- Sealed with the installation's secret; none for a public client.
    client_secret bytea,
    scopes text NOT NULL,
    -- What the button says.
    label text NOT NULL,
    -- Of addresses for which log-in points here.
    domains text[] NOT NULL DEFAULT '{}',
    -- Whether somebody new becomes a user at his first log-in.
    creates boolean NOT NULL DEFAULT false,
    -- Who gets in with his password, too.
    emergency_user_id integer REFERENCES users ON DELETE SET NULL,
    -- Counts providers: a log-in by the one before is none by this one.
    epoch integer NOT NULL DEFAULT 1,
    version integer NOT NULL DEFAULT 1
);
CREATE INDEX sign_ons_emergency_idx ON sign_ons (emergency_user_id);

CREATE TABLE sign_on_roles (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id integer NOT NULL REFERENCES sign_ons ON DELETE CASCADE,
    claim text NOT NULL,
    -- `*` for any.
    value text NOT NULL,
    role_id integer NOT NULL REFERENCES roles ON DELETE RESTRICT
);
CREATE INDEX sign_on_roles_tenant_idx ON sign_on_roles (tenant_id);
CREATE INDEX sign_on_roles_role_idx ON sign_on_roles (role_id);

-- Whom an issuer means by a subject. An address is never one: it can be given to somebody else.
CREATE TABLE sign_on_links (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users ON DELETE CASCADE,
    issuer text NOT NULL,
    subject text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    CONSTRAINT sign_on_links_subject_key UNIQUE (issuer, subject)
);
CREATE INDEX sign_on_links_user_idx ON sign_on_links (user_id);

-- Who may be linked by his address at his next log-in, because an administrator of his home says so.
CREATE TABLE sign_on_permits (
    user_id integer PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    tenant_id integer NOT NULL REFERENCES sign_ons ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_on_permits_tenant_idx ON sign_on_permits (tenant_id);

-- Log-ins under way: gone with the first answer that names one.
CREATE TABLE sign_on_requests (
    state_hash bytea PRIMARY KEY,
    -- Hash of the token of the session that began it: no other browser can end it.
    browser_hash bytea NOT NULL,
    tenant_id integer NOT NULL REFERENCES sign_ons ON DELETE CASCADE,
    epoch integer NOT NULL,
    purpose text NOT NULL CHECK (purpose IN ('enter', 'link', 'prove')),
    -- Whose session it was, where it was somebody's.
    user_id integer REFERENCES users ON DELETE CASCADE,
    nonce text NOT NULL,
    -- Of PKCE, sealed.
    verifier bytea NOT NULL,
    next text NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sign_on_requests_expires_idx ON sign_on_requests (expires_at);
CREATE INDEX sign_on_requests_tenant_idx ON sign_on_requests (tenant_id);
CREATE INDEX sign_on_requests_user_idx ON sign_on_requests (user_id);

-- Which of a place's roles came from claims: with them they go.
ALTER TABLE membership_roles ADD COLUMN from_claims boolean NOT NULL DEFAULT false;

-- By which provider its maker had logged in.
ALTER TABLE api_tokens ADD COLUMN signed_on text NOT NULL DEFAULT '';

-- By which provider somebody must have logged in to enter a tenant: that of the nearest one, going up, that has one,
-- if any of them lets in nobody else. None for the emergency account of the nearest of these.
CREATE FUNCTION sign_on_asked(of_user integer, of_tenant integer, OUT mark text, OUT slug text, OUT label text)
LANGUAGE sql STABLE SET search_path = control, pg_temp
AS $$
    WITH RECURSIVE line AS (
        SELECT t.id, t.parent_id, t.slug, 0 AS up FROM tenants t WHERE t.id = of_tenant
        UNION ALL
        SELECT p.id, p.parent_id, p.slug, up + 1 FROM tenants p JOIN line ON p.id = line.parent_id
    ), on_line AS (
        SELECT s.*, line.slug, line.up FROM line JOIN sign_ons s ON s.tenant_id = line.id AND s.state <> 'off'
    )
    SELECT s.tenant_id || ':' || s.epoch, s.slug, s.label FROM on_line s
    WHERE (SELECT o.emergency_user_id IS DISTINCT FROM of_user FROM on_line o WHERE o.state = 'only' ORDER BY o.up LIMIT 1)
    ORDER BY s.up LIMIT 1
$$;
