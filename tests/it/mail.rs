//! Mails, through a mail server on loopback.

use crate::support::app::{PASSWORD, TestApp, mail_config};
use crate::support::count;
use crate::support::mailbox::Mailbox;
use diesel::connection::SimpleConnection;
use mandant::jobs::runner::run_due;
use mandant::work::KINDS;
use secrecy::SecretString;

const NEW: &str = "another horse and battery";

fn change_password(app: &TestApp, email: &str) {
    let anna = app.visitor();
    anna.log_in(email);
    let values = [("old_password", PASSWORD), ("new_password", NEW)];
    let page = anna.get("/profile");
    assert_eq!(anna.send_form(&page, &values).status, 303);
}

#[test]
fn a_changed_password_is_told_in_the_readers_language() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    let german =
        "UPDATE users SET language = 'de', name = 'Änne Öchsle' WHERE email = 'admin@example.org'";
    app.db.as_provisioner().batch_execute(german).unwrap();
    change_password(&app, "admin@example.org");
    let mail = mailbox.wait("admin@example.org", "Änne Öchsle");
    assert!(mail.text.contains("wurde am"), "{}", mail.text);
    // It names the program's own address, and no page of it.
    assert!(mail.text.contains(&format!("{} wurde", app.base())));
    assert!(mail.header("subject").contains("=?utf-8?"));
    assert_eq!(mail.from, "mandant@example.org");
    assert!(
        mail.header("from")
            .contains("Mandant <mandant@example.org>")
    );
    assert_eq!(mail.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(mail.header("auto-submitted"), "auto-generated");
    assert!(!mail.text.contains(NEW) && !mail.text.contains(PASSWORD));
}

#[test]
fn an_administrator_who_sets_a_password_does_not_do_it_unseen() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    app.member("carl@example.org", "main", "viewer");
    let anna = app.visitor();
    anna.log_in("admin@example.org");
    let page = anna.get("/t/main/users");
    let carl = page.body.split("/t/main/users/").find_map(|rest| {
        let id: String = rest.chars().take_while(char::is_ascii_digit).collect();
        (rest.contains("carl@example.org") && !id.is_empty()).then_some(id)
    });
    let path = format!("/t/main/users/{}/password", carl.unwrap());
    assert_eq!(anna.submit(&path, &[("password", NEW)]).status, 303);
    mailbox.wait("carl@example.org", "was changed");
}

/// An installation without a server: its jobs run when the test says so.
struct Still {
    db: crate::support::TestDb,
    mailbox: Mailbox,
}

impl Still {
    fn new(change: impl FnOnce(&mut mandant::config::Config)) -> Self {
        let mailbox = Mailbox::new();
        let mut config = mail_config(&mailbox);
        change(&mut config);
        let db = crate::support::TestDb::with(config);
        db.set_up();
        Self { db, mailbox }
    }

    fn write(&self) {
        use mandant::control::passwords;
        let mut conn = self.db.as_provisioner();
        let user = mandant::control::users::by_email(&mut conn, "admin@example.org");
        passwords::tell(&mut conn, &self.db.app.post(), user.unwrap().unwrap()).unwrap();
    }

    fn run(&self) {
        run_due(&self.db.app, KINDS).unwrap();
    }

    fn hurry(&self) {
        let due = "UPDATE jobs SET run_at = now() WHERE state = 'queued'";
        self.db.as_provisioner().batch_execute(due).unwrap();
    }

    fn state(&self, condition: &str) -> i64 {
        let query = format!("SELECT count(*) AS n FROM mails WHERE {condition}");
        count(&mut self.db.as_provisioner(), &query)
    }
}

#[test]
fn a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not() {
    let still = Still::new(|_| ());
    still.write();
    still.mailbox.refuse(2, "451 later");
    still.run();
    assert_eq!(still.state("state = 'waiting' AND tries = 1"), 1);
    // Not at once.
    still.run();
    assert_eq!(still.state("tries = 1"), 1);
    for _ in 0..2 {
        still.hurry();
        still.run();
    }
    assert_eq!(still.state("state = 'sent' AND tries = 3"), 1);
    assert_eq!(still.mailbox.all().len(), 1);

    still.write();
    still.mailbox.refuse(1, "550 no such person");
    still.run();
    let refused = "state = 'failed' AND error LIKE '%550%' AND error NOT LIKE '%person%'";
    assert_eq!(still.state(refused), 1);
    still.hurry();
    still.run();
    assert_eq!(still.mailbox.all().len(), 1);
}

#[test]
fn a_server_that_is_gone_is_given_up_after_some_hours() {
    let still = Still::new(|config| config.mail.port = 1);
    still.write();
    for _ in 0..10 {
        still.hurry();
        still.run();
    }
    assert_eq!(still.state("state = 'failed' AND tries = 8"), 1);
}

#[test]
fn what_a_mail_says_is_sealed_and_gone_once_it_is_sent() {
    let still = Still::new(|_| ());
    still.write();
    let clear = "position('password'::bytea IN sealed) > 0";
    assert_eq!(still.state(clear), 0);
    assert_eq!(still.state("length(sealed) > 100"), 1);
    still.run();
    assert_eq!(still.state("sealed IS NULL AND state = 'sent'"), 1);
    let old = "UPDATE mails SET ended_at = now() - interval '91 days'";
    still.db.as_provisioner().batch_execute(old).unwrap();
    assert_eq!(
        mandant::control::mail::forget_old(&still.db.app).unwrap(),
        1
    );
}

#[test]
fn the_program_logs_in_at_the_server_and_never_without_the_encryption_it_was_told() {
    let still = Still::new(|config| {
        config.mail.user = Some("mandant".into());
        config.mail.password = Some(SecretString::from("s3cret"));
    });
    still.write();
    still.run();
    use base64::Engine;
    let plain = base64::engine::general_purpose::STANDARD.encode("\0mandant\0s3cret");
    assert_eq!(still.mailbox.log_ins(), [format!("AUTH PLAIN {plain}")]);

    let encrypted = Still::new(|config| config.mail.tls = mandant::config::MailTls::StartTls);
    encrypted.write();
    encrypted.run();
    assert_eq!(encrypted.mailbox.sessions(), 1);
    assert_eq!(encrypted.mailbox.all().len(), 0, "it offers no STARTTLS");
}

#[test]
fn without_a_mail_server_nothing_is_written() {
    let still = Still::new(|config| config.mail.host = None);
    still.write();
    assert_eq!(still.state("true"), 0);
    still.run();
}

#[test]
fn what_became_of_a_mail_stands_on_the_page_of_whom_it_was_for() {
    let mailbox = Mailbox::new();
    let app = TestApp::with_mails(&mailbox);
    app.db.separate("nord");
    let nora = app.user("nora@example.org", "nord", "administrator");
    app.member("emil@example.org", "nord", "editor");
    mailbox.refuse(1, "550 no such person");
    nora.get("/t/nord/users");
    let emil = count(
        &mut app.db.as_provisioner(),
        "SELECT id::bigint AS n FROM users WHERE email = 'emil@example.org'",
    );
    let page = format!("/t/nord/users/{emil}");
    assert!(!nora.get(&page).body.contains("Given up"));
    assert_eq!(
        nora.submit(&format!("{page}/password"), &[("password", NEW)])
            .status,
        303
    );
    crate::support::until("nothing is told of the mail", || {
        let page = nora.get(&page).texts("table").join("\n");
        page.contains("Changed password") && page.contains("Given up") && page.contains("550")
    });
}
