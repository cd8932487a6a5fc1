//! A tenant's schema: the fixed columns, the same in every tenant. The tenant's own fields are read and
//! written by `tenant::recipients::columns`, never through these.

diesel::table! {
    /// The fields of the recipient.
    fields (id) {
        id -> Integer,
        key -> Text,
        standard_column -> Nullable<Text>,
        kind -> Jsonb,
        label_en -> Text,
        label_de -> Text,
        help_en -> Text,
        help_de -> Text,
        field_group -> Text,
        position -> Integer,
        mode -> Text,
        required -> Bool,
        is_unique -> Bool,
        indexed -> Bool,
        historised -> Bool,
        default_value -> Nullable<Text>,
        pending -> Nullable<Text>,
        pending_error -> Nullable<Text>,
        created_at -> Timestamptz,
        version -> Integer,
    }
}

diesel::table! {
    /// What holders of a role see of a field and may do with it.
    field_rights (field_id, role_id) {
        field_id -> Integer,
        role_id -> Integer,
        mode -> Text,
    }
}

diesel::table! {
    /// People who get mail.
    recipients (id) {
        id -> BigInt,
        email -> Text,
        salutation -> Nullable<Text>,
        gender -> Nullable<Text>,
        title -> Nullable<Text>,
        first_name -> Nullable<Text>,
        last_name -> Nullable<Text>,
        language -> Nullable<Text>,
        format -> Text,
        source -> Text,
        created_at -> Timestamptz,
        created_by -> Nullable<Integer>,
        import_id -> Nullable<Integer>,
        changed_at -> Timestamptz,
    }
}

diesel::table! {
    /// History of recipients.
    recipient_changes (id) {
        id -> BigInt,
        recipient_id -> BigInt,
        at -> Timestamptz,
        user_id -> Nullable<Integer>,
        source -> Text,
        import_id -> Nullable<Integer>,
        changes -> Jsonb,
    }
}

diesel::table! {
    /// Mailing lists.
    lists (id) {
        id -> Integer,
        name -> Text,
        description -> Text,
        created_at -> Timestamptz,
        version -> Integer,
    }
}

diesel::table! {
    /// Who is on which list.
    subscriptions (recipient_id, list_id) {
        recipient_id -> BigInt,
        list_id -> Integer,
        status -> Text,
        since -> Timestamptz,
        source -> Text,
        consent_text -> Nullable<Text>,
        consent_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// History of subscriptions.
    subscription_changes (id) {
        id -> BigInt,
        recipient_id -> BigInt,
        list_id -> Integer,
        at -> Timestamptz,
        user_id -> Nullable<Integer>,
        source -> Text,
        old_status -> Nullable<Text>,
        new_status -> Nullable<Text>,
    }
}

diesel::table! {
    /// Imports.
    imports (id) {
        id -> Integer,
        inner_id -> Nullable<Integer>,
        state -> Text,
        file_name -> Text,
        stored_as -> Nullable<Text>,
        file_size -> BigInt,
        settings -> Jsonb,
        job_id -> Nullable<BigInt>,
        created_by -> Nullable<Integer>,
        created_at -> Timestamptz,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        done_line -> BigInt,
        rows -> BigInt,
        created -> BigInt,
        updated -> BigInt,
        unchanged -> BigInt,
        refused -> BigInt,
        noted -> BigInt,
        errors_file -> Nullable<Text>,
        error -> Nullable<Text>,
        version -> Integer,
    }
}

diesel::table! {
    /// Rows refused by an import, and values it left out.
    import_problems (import_id, line) {
        import_id -> Integer,
        line -> BigInt,
        refused -> Bool,
        code -> Text,
        field_id -> Nullable<Integer>,
        params -> Jsonb,
    }
}

diesel::table! {
    /// Saved ways to read and map a file.
    import_profiles (id) {
        id -> Integer,
        inner_id -> Nullable<Integer>,
        name -> Text,
        settings -> Jsonb,
        created_at -> Timestamptz,
        version -> Integer,
    }
}

diesel::table! {
    /// Wishes of inner tenants to see somebody outside their fence.
    admissions (id) {
        id -> BigInt,
        inner_id -> Integer,
        recipient_id -> BigInt,
        data -> Jsonb,
        list_ids -> Array<Integer>,
        user_id -> Nullable<Integer>,
        source -> Text,
        at -> Timestamptz,
        state -> Text,
        decided_by -> Nullable<Integer>,
        decided_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(subscriptions -> lists (list_id));
diesel::joinable!(subscriptions -> recipients (recipient_id));
diesel::allow_tables_to_appear_in_same_query!(
    fields,
    field_rights,
    recipients,
    recipient_changes,
    lists,
    subscriptions,
    subscription_changes,
    imports,
    import_problems,
    import_profiles,
    admissions
);
