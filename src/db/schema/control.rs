//! The control schema.

diesel::table! {
    /// Tenants of every kind.
    control.tenants (id) {
        id -> Integer,
        parent_id -> Nullable<Integer>,
        kind -> Text,
        slug -> Text,
        name -> Text,
        colour -> Text,
        locale -> Text,
        time_zone -> Text,
        status -> Text,
        fence -> Nullable<Jsonb>,
        moves_allowed -> Bool,
        schema_version -> Integer,
        ceiling -> Nullable<Array<Text>>,
        ceiling_in_force -> Nullable<Array<Text>>,
        second_factor -> Bool,
        audit_days -> Nullable<Integer>,
        review_months -> Nullable<Integer>,
        review_reminded_at -> Nullable<Timestamptz>,
        dormant_days -> Nullable<Integer>,
        critical_rights -> Array<Text>,
        critical_fewer -> Array<Text>,
        critical_asked_by -> Nullable<Integer>,
        critical_asked_at -> Nullable<Timestamptz>,
        created_at -> Timestamptz,
        trashed_at -> Nullable<Timestamptz>,
        trashed_by -> Nullable<Integer>,
        version -> Integer,
    }
}

diesel::table! {
    /// People who log in.
    control.users (id) {
        id -> Integer,
        home_tenant_id -> Integer,
        email -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        password_set_at -> Timestamptz,
        language -> Text,
        theme -> Text,
        time_zone -> Text,
        state -> Text,
        created_at -> Timestamptz,
        last_login_at -> Nullable<Timestamptz>,
        active_since -> Timestamptz,
        version -> Integer,
        entrusted_by -> Nullable<Integer>,
        entrusted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Named sets of rights.
    control.roles (id) {
        id -> Integer,
        key -> Text,
        built_in -> Bool,
        tenant_id -> Nullable<Integer>,
        name -> Text,
        description -> Text,
        version -> Integer,
    }
}

diesel::table! {
    /// Which rights a role holds.
    control.role_rights (role_id, right_key) {
        role_id -> Integer,
        right_key -> Text,
    }
}

diesel::table! {
    /// A user's place in a tenant.
    control.memberships (id) {
        id -> Integer,
        user_id -> Integer,
        tenant_id -> Integer,
        created_at -> Timestamptz,
        created_by -> Nullable<Integer>,
        valid_from -> Nullable<Timestamptz>,
        valid_until -> Nullable<Timestamptz>,
        granted -> Array<Text>,
        in_force -> Array<Text>,
        version -> Integer,
        confirmed_at -> Nullable<Timestamptz>,
        confirmed_by -> Nullable<Integer>,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Roles that a role includes.
    control.role_includes (role_id, included_id) {
        role_id -> Integer,
        included_id -> Integer,
    }
}

diesel::table! {
    /// What a role was at each of its versions.
    control.role_versions (role_id, version) {
        role_id -> Integer,
        version -> Integer,
        at -> Timestamptz,
        user_id -> Nullable<Integer>,
        name -> Text,
        description -> Text,
        rights -> Array<Text>,
        includes -> Array<Text>,
    }
}

diesel::table! {
    /// Rights of a membership beside its roles.
    control.membership_rights (membership_id, right_key) {
        membership_id -> Integer,
        right_key -> Text,
    }
}

diesel::table! {
    /// Rights of memberships that are held back until a second person confirms them.
    control.pending_rights (membership_id, right_key) {
        membership_id -> Integer,
        right_key -> Text,
        asked_by -> Nullable<Integer>,
        asked_at -> Timestamptz,
        declined_at -> Nullable<Timestamptz>,
        declined_by -> Nullable<Integer>,
    }
}

diesel::table! {
    /// Sets of rights that tenants below are given as their ceiling.
    control.right_packages (id) {
        id -> Integer,
        tenant_id -> Integer,
        name -> Text,
        rights -> Array<Text>,
        version -> Integer,
    }
}

diesel::table! {
    /// Administrators from above who entered a tenant for a time.
    control.visits (user_id, tenant_id) {
        user_id -> Integer,
        tenant_id -> Integer,
        membership_id -> Integer,
        began_at -> Timestamptz,
        ends_at -> Timestamptz,
    }
}

diesel::table! {
    /// The roles of a membership.
    control.membership_roles (membership_id, role_id) {
        membership_id -> Integer,
        role_id -> Integer,
        from_claims -> Bool,
    }
}

diesel::table! {
    /// Server-side sessions.
    control.sessions (id) {
        id -> BigInt,
        key_hash -> Bytea,
        user_id -> Nullable<Integer>,
        state -> Jsonb,
        agent -> Text,
        created_at -> Timestamptz,
        last_seen_at -> Timestamptz,
        idle_seconds -> Integer,
        ends_at -> Timestamptz,
    }
}

diesel::table! {
    /// Tokens of the API.
    control.api_tokens (id) {
        id -> Integer,
        membership_id -> Integer,
        name -> Text,
        key_hash -> Bytea,
        beginning -> Text,
        rights -> Array<Text>,
        password_mark -> Bytea,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
        revoked_at -> Nullable<Timestamptz>,
        revoked_by -> Nullable<Integer>,
        signed_on -> Text,
    }
}

diesel::table! {
    /// Failed log-ins.
    control.login_attempts (key_hash) {
        key_hash -> Bytea,
        failures -> Integer,
        last_at -> Timestamptz,
        blocked_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What a user chose for himself in a tenant.
    control.preferences (user_id, tenant_id, key) {
        user_id -> Integer,
        tenant_id -> Integer,
        key -> Text,
        value -> Jsonb,
    }
}

diesel::table! {
    /// Who did what, where.
    control.audit (id) {
        id -> BigInt,
        at -> Timestamptz,
        tenant_id -> Integer,
        user_id -> Nullable<Integer>,
        source -> Text,
        act -> Text,
        object -> Text,
        data -> Jsonb,
        came_from -> Nullable<Integer>,
        seen_as -> Text,
        personal -> Nullable<Jsonb>,
    }
}

diesel::table! {
    /// Where the chain of each tenant's entries ends.
    control.audit_heads (tenant_id) {
        tenant_id -> Integer,
        seq -> BigInt,
        hash -> Binary,
        signature -> Nullable<Binary>,
    }
}

diesel::table! {
    /// Where a chain begins since its oldest entries were removed.
    control.audit_checkpoints (tenant_id, seq) {
        tenant_id -> Integer,
        seq -> BigInt,
        hash -> Binary,
        removed -> BigInt,
        until -> Timestamptz,
        at -> Timestamptz,
        signature -> Nullable<Binary>,
    }
}

diesel::table! {
    /// Background work.
    control.jobs (id) {
        id -> BigInt,
        tenant_id -> Integer,
        kind -> Text,
        payload -> Jsonb,
        state -> Text,
        done -> BigInt,
        total -> Nullable<BigInt>,
        error -> Nullable<Text>,
        attempts -> Integer,
        cancel -> Bool,
        created_by -> Nullable<Integer>,
        created_at -> Timestamptz,
        run_at -> Timestamptz,
        heard_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// The outbox of the installation's own mails.
    control.mails (id) {
        id -> BigInt,
        user_id -> Integer,
        kind -> Text,
        address -> Text,
        sealed -> Nullable<Binary>,
        state -> Text,
        tries -> Integer,
        error -> Nullable<Text>,
        created_at -> Timestamptz,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Links that let somebody set his password.
    control.links (id) {
        id -> BigInt,
        user_id -> Integer,
        kind -> Text,
        key_hash -> Binary,
        created_at -> Timestamptz,
        created_by -> Nullable<Integer>,
        mailed -> Bool,
        expires_at -> Timestamptz,
        used_at -> Nullable<Timestamptz>,
        ended_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// The second factor of a user's log-in.
    control.second_factors (user_id) {
        user_id -> Integer,
        sealed -> Nullable<Binary>,
        confirmed_at -> Nullable<Timestamptz>,
        last_step -> BigInt,
        app_since -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Passkeys of users, each a second factor.
    control.passkeys (id) {
        id -> Integer,
        user_id -> Integer,
        credential_id -> Binary,
        transports -> SmallInt,
        public_key -> Binary,
        state -> Binary,
        name -> Text,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What passkeys are asked to sign.
    control.passkey_ceremonies (browser_hash) {
        browser_hash -> Binary,
        user_id -> Integer,
        purpose -> Text,
        state -> Binary,
        name -> Text,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Codes for when the device of the second factor is gone.
    control.recovery_codes (user_id, code_hash) {
        user_id -> Integer,
        code_hash -> Binary,
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Devices on which the second factor is not asked for.
    control.trusted_devices (id) {
        id -> Integer,
        user_id -> Integer,
        key_hash -> Binary,
        agent -> Text,
        address -> Text,
        created_at -> Timestamptz,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// What tenants ask of passwords and sessions.
    control.policies (tenant_id) {
        tenant_id -> Integer,
        password_length -> Nullable<Integer>,
        password_score -> Nullable<Integer>,
        password_classes -> Nullable<Bool>,
        password_days -> Nullable<Integer>,
        idle_minutes -> Nullable<Integer>,
        absolute_hours -> Nullable<Integer>,
        most_sessions -> Nullable<Integer>,
        proof_minutes -> Nullable<Integer>,
        version -> Integer,
    }
}

diesel::table! {
    /// Single sign-on: the provider of each tenant that has one.
    control.sign_ons (tenant_id) {
        tenant_id -> Integer,
        state -> Text,
        issuer -> Text,
        client_id -> Text,
        client_secret -> Nullable<Binary>,
        scopes -> Text,
        label -> Text,
        domains -> Array<Text>,
        creates -> Bool,
        emergency_user_id -> Nullable<Integer>,
        epoch -> Integer,
        version -> Integer,
    }
}

diesel::table! {
    /// Which claims give which roles.
    control.sign_on_roles (id) {
        id -> Integer,
        tenant_id -> Integer,
        claim -> Text,
        value -> Text,
        role_id -> Integer,
        asked_by -> Nullable<Integer>,
    }
}

diesel::table! {
    /// Whom an issuer means by a subject.
    control.sign_on_links (id) {
        id -> Integer,
        user_id -> Integer,
        issuer -> Text,
        subject -> Text,
        created_at -> Timestamptz,
        last_used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Who may be linked by his address at his next log-in.
    control.sign_on_permits (user_id) {
        user_id -> Integer,
        tenant_id -> Integer,
        expires_at -> Timestamptz,
    }
}

diesel::table! {
    /// Log-ins by a provider that are under way.
    control.sign_on_requests (state_hash) {
        state_hash -> Binary,
        browser_hash -> Binary,
        tenant_id -> Integer,
        epoch -> Integer,
        purpose -> Text,
        user_id -> Nullable<Integer>,
        nonce -> Text,
        verifier -> Binary,
        next -> Text,
        expires_at -> Timestamptz,
    }
}

diesel::joinable!(sign_ons -> tenants (tenant_id));
diesel::joinable!(sign_on_roles -> roles (role_id));
diesel::joinable!(sign_on_links -> users (user_id));
diesel::joinable!(links -> users (user_id));
diesel::joinable!(memberships -> users (user_id));
diesel::joinable!(memberships -> tenants (tenant_id));
diesel::joinable!(api_tokens -> memberships (membership_id));
diesel::joinable!(membership_roles -> memberships (membership_id));
diesel::joinable!(membership_roles -> roles (role_id));
diesel::joinable!(role_rights -> roles (role_id));
diesel::joinable!(role_versions -> roles (role_id));
diesel::joinable!(membership_rights -> memberships (membership_id));
diesel::joinable!(visits -> memberships (membership_id));
diesel::joinable!(pending_rights -> memberships (membership_id));
diesel::allow_tables_to_appear_in_same_query!(
    tenants,
    users,
    roles,
    role_rights,
    role_includes,
    role_versions,
    right_packages,
    memberships,
    membership_roles,
    membership_rights,
    pending_rights,
    visits,
    sessions,
    api_tokens,
    preferences,
    links,
    sign_ons,
    sign_on_roles,
    sign_on_links,
    audit,
    jobs
);
