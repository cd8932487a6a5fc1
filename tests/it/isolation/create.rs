//! Making and changing recipients through the functions: inside the fence, outside it, and with every
//! answer the same whether somebody hidden exists or not.

use super::World;

fn create(w: &World, data: &str, lists: &str) -> String {
    let query = format!("SELECT create_recipient('{data}', '{lists}') AS id");
    w.ask_writing(&w.vip, &query)
}

impl World {
    /// Like `ask`, in a transaction that may write and is kept if it succeeds.
    pub fn ask_writing(&self, tenant: &mandant::control::tenants::Tenant, query: &str) -> String {
        let mut said = String::new();
        let _ = self.db.as_tenant(tenant.scope(), |conn| {
            match super::rows(conn.pg(), query) {
                Ok(found) => said = found,
                Err(error) => {
                    said = error.to_string();
                    return Err(mandant::error::AppError::Conflict);
                }
            }
            Ok(())
        });
        said
    }

    fn person(&self, email: &str) -> String {
        let query = format!(
            "SELECT r.*, (SELECT json_agg(s) FROM subscriptions s WHERE s.recipient_id = r.id) AS lists, \
             (SELECT count(*) FROM recipient_changes c WHERE c.recipient_id = r.id) AS changes \
             FROM recipients r WHERE email = '{email}'"
        );
        self.ask(&self.nord, &query)
    }

    fn admissions(&self) -> String {
        self.ask(&self.nord, "SELECT inner_id, r.email, data, list_ids, state FROM admissions a JOIN recipients r ON r.id = recipient_id ORDER BY a.id")
    }
}

#[test]
fn one_who_exists_outside_gives_the_answer_of_a_new_one() {
    let w = World::new();
    let before = w.person("out@nord.example");
    let new = create(&w, r#"{"email":"new@nord.example"}"#, "{}");
    let hidden = create(
        &w,
        r#"{"email":"out@nord.example","last_name":"Changed"}"#,
        "{}",
    );
    assert_eq!(
        (new.as_str(), hidden.as_str()),
        (r#"[{"id":null}]"#, r#"[{"id":null}]"#)
    );
    assert_eq!(
        w.person("out@nord.example"),
        before,
        "the person outside was changed"
    );
    let seen = w.ask(&w.vip, "SELECT email FROM recipients ORDER BY 1");
    assert_eq!(
        seen,
        "[{\"email\":\"in@nord.example\"}, \n {\"email\":\"new@nord.example\"}]"
    );
    let asked = format!(
        r#"[{{"inner_id":{},"email":"out@nord.example","data":{{"email": "out@nord.example", "last_name": "Changed"}},"list_ids":[{}],"state":"open"}}]"#,
        w.vip.id, w.news
    );
    assert_eq!(w.admissions(), asked);
    // Asking once more asks for the same.
    create(&w, r#"{"email":"out@nord.example"}"#, "{}");
    assert_eq!(w.admissions().matches("inner_id").count(), 1);
    super::denied(&w.ask(&w.vip, &format!("SELECT * FROM t_{}.admissions", w.nord.id)));
}

/// Each pair differs only in whether the address exists outside the fence.
#[test]
fn no_mistake_tells_whether_an_address_exists_outside() {
    let w = World::new();
    let cases = [
        // A value that no recipient may have.
        (r#"{"email":"@","gender":"robot"}"#, "{}"),
        // A field that somebody inside has: told, whoever has the address.
        (r#"{"email":"@","f101":"1"}"#, "{}"),
        // A list outside the fence, one that there is not, one twice.
        (r#"{"email":"@"}"#, "{2}"),
        (r#"{"email":"@"}"#, "{99}"),
        (r#"{"email":"@"}"#, "{1,1}"),
        (r#"{"email":"@"}"#, "{NULL}"),
        // Columns that are not entered, or that there are not.
        (r#"{"email":"@","id":"1"}"#, "{}"),
        (r#"{"email":"@","x\" = 1; --":"1"}"#, "{}"),
        (r#"{"email":"@","f101":null}"#, "{}"),
    ];
    for (data, lists) in cases {
        let new = create(&w, &data.replace('@', "nobody@nord.example"), lists);
        w.attempt(
            &w.nord,
            "DELETE FROM recipients WHERE email = 'nobody@nord.example'",
        );
        let hidden = create(&w, &data.replace('@', "out@nord.example"), lists);
        assert_eq!(new, hidden, "{data} {lists}");
    }
    assert!(create(&w, r#"{"email":"x@nord.example","f101":"1"}"#, "{}").contains("taken"));
    // A hidden one's number asks for him; a visible address is told.
    assert_eq!(
        create(&w, r#"{"email":"x@nord.example","f101":"2"}"#, "{}"),
        r#"[{"id":null}]"#
    );
    assert!(create(&w, r#"{"email":"in@nord.example"}"#, "{}").contains("taken"));
    assert_eq!(w.person("x@nord.example"), "[]");
}

#[test]
fn a_rule_judges_the_row_as_it_will_be() {
    let w = World::new();
    let create = |data: &str| {
        w.ask_writing(
            &w.adler,
            &format!("SELECT create_recipient('{data}', '{{}}') AS id"),
        )
    };
    assert_eq!(
        create(r#"{"email":"b@x.example","last_name":"Adler"}"#),
        r#"[{"id":null}]"#
    );
    for outside in ["b2@x.example", "out@nord.example"] {
        let data = format!(r#"{{"email":"{outside}","last_name":"Braun"}}"#);
        assert_eq!(create(&data), "outside the fence");
        assert_eq!(
            create(&format!(r#"{{"email":"{outside}"}}"#)),
            "outside the fence"
        );
    }
    assert_eq!(w.ask(&w.nord, "SELECT 1 FROM admissions"), "[]");
}

#[test]
fn a_unique_field_changes_without_telling_of_others() {
    let w = World::new();
    let change = |who: &str, col: &str, value: &str| {
        let id = w.ask(
            &w.nord,
            &format!("SELECT id FROM recipients WHERE email = '{who}'"),
        );
        let id: String = id.chars().filter(char::is_ascii_digit).collect();
        w.ask_writing(
            &w.vip,
            &format!("SELECT change_unique({id}, '{col}', {value})::text AS x"),
        )
    };
    let quiet = r#"[{"x":""}]"#;
    assert_eq!(change("in@nord.example", "f101", "'2'"), quiet);
    assert_eq!(w.admissions().matches("out@nord.example").count(), 1);
    assert_eq!(change("in@nord.example", "f101", "'77'"), quiet);
    assert!(w.person("in@nord.example").contains(r#""f101":"77""#));
    // Somebody hidden is not changed, and the answer is the same as for nobody.
    let before = w.person("out@nord.example");
    assert_eq!(change("out@nord.example", "f101", "'78'"), quiet);
    assert_eq!(
        w.ask_writing(
            &w.vip,
            "SELECT change_unique(4711, 'f101', '78')::text AS x"
        ),
        quiet
    );
    assert_eq!(w.person("out@nord.example"), before);
    // Only unique fields, however they are spelled; nothing that breaks a constraint.
    for col in ["last_name", "id", "f101\" = ''1'' --", "created_by", "x"] {
        assert_eq!(
            change("in@nord.example", col, "'1'"),
            "not a unique field",
            "{col}"
        );
    }
    assert!(change("in@nord.example", "email", "NULL").contains("not-null"));
    let long = format!("'{}'", "9".repeat(21));
    assert!(change("in@nord.example", "f101", &long).contains("recipients_f101_check"));
    super::denied(&w.attempt(&w.vip, "UPDATE recipients SET f101 = '5'"));
    super::denied(&w.attempt(&w.vip, "UPDATE recipients SET email = 'out@nord.example'"));
}

/// A fence over the unique field itself: leaving it is refused before anybody else is looked at.
#[test]
fn leaving_the_fence_by_a_unique_field_is_refused_alike() {
    let w = World::new();
    let mail = w.db.inner(
        "nord",
        "mail",
        crate::support::by_rule("email contains 'in@'"),
    );
    let change = |value: &str| {
        w.ask_writing(
            &mail,
            &format!("SELECT change_unique(1, 'email', '{value}')::text AS x"),
        )
    };
    assert_eq!(change("nobody@nord.example"), "outside the fence");
    assert_eq!(change("out@nord.example"), "outside the fence");
}
