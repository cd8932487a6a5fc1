//! Database URLs as they may be shown: without the password.

/// What stands where a secret was.
pub const HIDDEN: &str = "***";

/// A database URL whose password is hidden. Hides too much rather than too little: the user ends at the
/// first colon, the password at the last `@`, and of the parameters only harmless ones are shown.
pub fn database_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // The other form, `host=… password=…`, has quoting rules of its own; nothing of it is shown.
        return HIDDEN.to_owned();
    };
    if rest.find('?') < rest.rfind('@') && rest.contains('?') {
        // A password with a bare `?`, or a parameter with a bare `@`: who can tell where it ends?
        return format!("{scheme}://{HIDDEN}");
    }
    let (user, rest) = match rest.rsplit_once('@') {
        Some((account, rest)) => (shown_account(account), rest),
        None => (String::new(), rest),
    };
    let (place, parameters) = match rest.split_once('?') {
        Some((place, parameters)) => (place, Some(parameters)),
        None => (rest, None),
    };
    let parameters = parameters
        .map(|all| {
            format!(
                "?{}",
                all.split('&')
                    .map(shown_parameter)
                    .collect::<Vec<_>>()
                    .join("&")
            )
        })
        .unwrap_or_default();
    format!("{scheme}://{user}{place}{parameters}")
}

fn shown_account(account: &str) -> String {
    match account.split_once(':') {
        Some((user, _)) => format!("{user}:{HIDDEN}@"),
        None => format!("{account}@"),
    }
}

fn shown_parameter(parameter: &str) -> String {
    const HARMLESS: [&str; 8] = [
        "host",
        "port",
        "dbname",
        "user",
        "sslmode",
        "connect_timeout",
        "application_name",
        "sslrootcert",
    ];
    match parameter.split_once('=') {
        Some((name, _)) if HARMLESS.contains(&name) => parameter.to_owned(),
        Some((name, _)) => format!("{name}={HIDDEN}"),
        None => HIDDEN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rest_of_a_url_stays_readable() {
        for (url, shown) in [
            (
                "postgres://anna:s3cret@db.example/mandant",
                "postgres://anna:***@db.example/mandant",
            ),
            (
                "postgres://anna@db.example:5433/m",
                "postgres://anna@db.example:5433/m",
            ),
            (
                "postgres:///m?host=/run/pg&password=s3cret",
                "postgres:///m?host=/run/pg&password=***",
            ),
            (
                "postgres://a:b@@c/d:e@%2Frun/m?sslmode=require",
                "postgres://a:***@%2Frun/m?sslmode=require",
            ),
            ("host=db password=s3cret", "***"),
        ] {
            assert_eq!(database_url(url), shown);
        }
    }

    proptest! {
        #[test]
        fn no_password_shows(password in "[A-Z:@/?#&=%]{6,20}") {
            let shown = database_url(&format!("postgres://anna:{password}@db.example/mandant"));
            prop_assert!(!shown.contains(&password), "{shown}");
        }

        #[test]
        fn no_password_among_the_parameters_shows(password in "[A-Z:@/?#=%]{6,20}") {
            let shown = database_url(&format!("postgres://db.example/mandant?password={password}&port=5"));
            prop_assert!(!shown.contains(&password), "{shown}");
        }
    }
}
