//! The program behind HTTP, and the people who use it: `anna.get(…)`, `anna.submit(…)`.

use super::TestDb;
use super::mailbox::Mailbox;
use actix_web::dev::ServerHandle;
use mandant::app::App;
use mandant::config::{Config, MailTls};
use mandant::control::audit::Actor;
use mandant::control::memberships;
use mandant::control::users::{self, NewUser};
use mandant::server::Application;
use scraper::{Html, Selector};
use secrecy::SecretString;

use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

/// The password of everybody in tests.
pub const PASSWORD: &str = "correct horse battery";

/// An installation that answers on a port of its own.
pub struct TestApp {
    // Fields are dropped in this order: the server with its connections before the database.
    server: Serving,
    /// Its database and domain.
    pub db: TestDb,
}

impl TestApp {
    /// Set up; its administrator is `admin@example.org` with `PASSWORD`.
    pub fn new() -> Self {
        let app = Self::before_set_up();
        app.db.set_up_with(Some(PASSWORD));
        app
    }

    /// As it is at the first start.
    pub fn before_set_up() -> Self {
        Self::with(Config::default())
    }

    /// Set up, with mails going to this mailbox.
    pub fn with_mails(mailbox: &Mailbox) -> Self {
        let app = Self::with(mail_config(mailbox));
        app.db.set_up_with(Some(PASSWORD));
        app
    }

    /// As it is at the first start, with a configuration.
    pub fn with(mut config: Config) -> Self {
        let db = TestDb::bare();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.storage.files_dir = Some(db.files().to_owned());
        let app = Arc::new(db.again(config).unwrap());
        Self {
            server: Serving::begin(app),
            db,
        }
    }

    /// Where it answers.
    pub fn base(&self) -> &str {
        &self.server.base
    }

    /// Somebody with a browser, not logged in.
    pub fn visitor(&self) -> Person {
        visitor_at(self.base())
    }

    /// Somebody before a second server of the installation, which reaches the database by this URL.
    pub fn visitor_through(&self, url: &str) -> Person {
        let mut config = Config::default();
        config.server.listen = "127.0.0.1:0".parse().unwrap();
        config.storage.files_dir = Some(self.db.files().to_owned());
        let app = App::open(config, &SecretString::from(url.to_owned())).unwrap();
        let server = Serving::begin(Arc::new(app));
        let person = visitor_at(&server.base);
        Person {
            _server: Some(server),
            ..person
        }
    }

    /// A user made by the tenant at `path` with this role, logged in.
    pub fn user(&self, email: &str, path: &str, role: &str) -> Person {
        self.member(email, path, role);
        let person = self.visitor();
        person.log_in(email);
        person
    }

    /// The same where the tenant does not let him in.
    pub fn user_to(&self, email: &str, path: &str, role: &str) -> Person {
        self.member(email, path, role);
        let person = self.visitor();
        person.log_in_to(email);
        person
    }

    /// Makes the user, if need be, and gives him the role in one more tenant.
    pub fn member(&self, email: &str, path: &str, role: &str) {
        let tenant = self.db.tenant(path);
        let new = NewUser::check(email, email, Some(&SecretString::from(PASSWORD)), "en").unwrap();
        let mut conn = self.db.as_provisioner();
        let user = users::create_or_find(&mut conn, Actor::cli(), tenant.id(), &new).unwrap();
        memberships::grant(
            &mut conn,
            Actor::cli(),
            user,
            tenant.id(),
            &[role.to_owned()],
        )
        .unwrap();
    }
}

/// A configuration whose mails go to this mailbox.
pub fn mail_config(mailbox: &Mailbox) -> Config {
    let mut config = Config::default();
    config.mail.host = Some("127.0.0.1".into());
    config.mail.port = mailbox.port;
    config.mail.tls = MailTls::Off;
    config.mail.from = "Mandant <mandant@example.org>".into();
    config
}

/// Somebody with a browser before the server at this address, not logged in.
pub fn visitor_at(base: &str) -> Person {
    let agent = ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .new_agent();
    Person {
        base: base.to_owned(),
        _server: None,
        agent,
        last: Mutex::default(),
    }
}

/// A server on a thread of its own. It ends with this value, and its connections with it: threads that still
/// talk to a database while the process ends may crash it.
struct Serving {
    base: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    fn begin(app: Arc<App>) -> Self {
        let (tell, hear) = mpsc::channel();
        let thread = thread::spawn(move || {
            actix_web::rt::System::new().block_on(async {
                let application = Application::build(&app).unwrap();
                tell.send((application.address(), application.handle()))
                    .unwrap();
                application.run_until_stopped(app).await.unwrap();
            });
        });
        let (address, handle) = hear.recv().unwrap();
        Self {
            base: format!("http://{address}"),
            handle,
            thread: Some(thread),
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        actix_web::rt::System::new().block_on(self.handle.stop(false));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A person with a browser: cookies, no redirects followed.
pub struct Person {
    base: String,
    /// The server before which he is, where it is his alone: kept as long as he is.
    _server: Option<Serving>,
    agent: ureq::Agent,
    last: Mutex<String>,
}

/// What a page answered.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Where it sends the browser, if it does.
    pub location: String,
    /// The body.
    pub body: String,
    /// The headers, a line each.
    pub headers: String,
    /// What was asked, where a test wants to say so.
    pub asked: String,
}

impl Answer {
    /// The text of all elements that match.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let page = Html::parse_document(&self.body);
        page.select(&Selector::parse(selector).unwrap())
            .map(|element| {
                element
                    .text()
                    .collect::<String>()
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect()
    }

    /// An attribute of the first element that matches.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let page = Html::parse_document(&self.body);
        page.select(&Selector::parse(selector).unwrap())
            .next()
            .and_then(|element| element.attr(name).map(str::to_owned))
    }

    /// The pairs that the page's form would send as it stands.
    pub fn form(&self, selector: &str) -> Vec<(String, String)> {
        let page = Html::parse_document(&self.body);
        let inputs = Selector::parse(&format!(
            "{selector} input[name], {selector} textarea[name]"
        ))
        .unwrap();
        page.select(&inputs)
            .filter(|input| {
                !matches!(input.attr("type"), Some("checkbox" | "radio"))
                    || input.attr("checked").is_some()
            })
            .map(|input| {
                let value = match input.attr("value") {
                    Some(value) => value.to_owned(),
                    None => input
                        .text()
                        .collect::<String>()
                        .trim_start_matches('\n')
                        .to_owned(),
                };
                (input.attr("name").unwrap().to_owned(), value)
            })
            .collect()
    }
}

impl Answer {
    /// The chosen options of a form's selects.
    fn chosen(&self, selector: &str) -> Vec<(String, String)> {
        let page = Html::parse_document(&self.body);
        let selects = Selector::parse(&format!("{selector} select[name]")).unwrap();
        let (chosen, any) = (
            Selector::parse("option[selected]").unwrap(),
            Selector::parse("option").unwrap(),
        );
        page.select(&selects)
            .filter_map(|select| {
                let option = select
                    .select(&chosen)
                    .next()
                    .or(select.select(&any).next())?;
                let value = option.attr("value").unwrap_or_default();
                Some((select.attr("name")?.to_owned(), value.to_owned()))
            })
            .collect()
    }
}

impl Person {
    /// Opens a page.
    pub fn get(&self, path: &str) -> Answer {
        let answer = self
            .agent
            .get(format!("{}{path}", self.base))
            .call()
            .unwrap();
        self.note(answer)
    }

    /// Asks for a page's status and headers only.
    pub fn head(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.base);
        self.note(self.agent.head(url).call().unwrap())
    }

    /// Sends pairs with the token of the page seen last.
    pub fn post(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let token = self.token();
        let mut pairs = pairs.to_vec();
        pairs.push(("_csrf", &token));
        self.post_bare(path, &pairs)
    }

    /// Sends pairs, nothing added.
    pub fn post_bare(&self, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let answer = self
            .agent
            .post(format!("{}{path}", self.base))
            .send_form(pairs.iter().copied())
            .unwrap();
        self.note(answer)
    }

    /// Sends a file with the token of the page seen last.
    pub fn upload(&self, path: &str, name: &str, text: &str) -> Answer {
        self.upload_bytes(path, name, text.as_bytes())
    }

    /// The same with a file that need not be text.
    pub fn upload_bytes(&self, path: &str, name: &str, bytes: &[u8]) -> Answer {
        let token = self.token();
        let begin = format!(
            "--b\r\ncontent-disposition: form-data; name=\"_csrf\"\r\n\r\n{token}\r\n--b\r\ncontent-disposition: \
             form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        let body = [begin.as_bytes(), bytes, b"\r\n--b--\r\n"].concat();
        let answer = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("content-type", "multipart/form-data; boundary=b")
            .send(&body[..])
            .unwrap();
        self.note(answer)
    }

    /// Opens a page with these headers.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.note(request.call().unwrap())
    }

    /// Sends pairs with the token of the page seen last and these headers.
    pub fn post_with(
        &self,
        path: &str,
        pairs: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let token = self.token();
        let mut pairs = pairs.to_vec();
        pairs.push(("_csrf", &token));
        let mut request = self.agent.post(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.note(request.send_form(pairs).unwrap())
    }

    /// Sends a form whole, with its chosen options, these values instead of its own.
    pub fn send_form(&self, page: &Answer, values: &[(&str, &str)]) -> Answer {
        let chosen = page.chosen("form.form");
        let own = chosen
            .iter()
            .filter(|(name, _)| !values.iter().any(|(other, _)| other == name))
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let own: Vec<(&str, &str)> = own.collect();
        self.send(page, &[&own[..], values].concat())
    }

    /// Sends what a page's form holds as it stands, these values instead of its own.
    pub fn send(&self, page: &Answer, values: &[(&str, &str)]) -> Answer {
        let action = page.attribute("form.form", "action").unwrap();
        let mut pairs = page.form("form.form");
        pairs.retain(|(name, _)| !values.iter().any(|(other, _)| other == name));
        let own = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs: Vec<(&str, &str)> = own.chain(values.iter().copied()).collect();
        self.post_bare(&action, &pairs)
    }

    /// Presses the button that takes back what the page's message says was done.
    pub fn undo(&self, page: &Answer) -> Answer {
        let action = page.attribute(".said form", "action").unwrap();
        let pairs = page.form(".said form");
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.post_bare(&action, &pairs)
    }

    /// Opens a form's page and sends it with these values instead of its own.
    pub fn submit(&self, page: &str, values: &[(&str, &str)]) -> Answer {
        let form = self.get(page);
        assert_eq!(form.status, 200, "{page}");
        let action = form.attribute("form.form", "action").unwrap();
        let mut pairs = form.form("form.form");
        pairs.retain(|(name, _)| !values.iter().any(|(other, _)| other == name));
        pairs.extend(
            values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        self.post_bare(&action, &pairs)
    }

    /// Logs in.
    pub fn log_in(&self, email: &str) {
        let answer = self.submit("/login", &[("email", email), ("password", PASSWORD)]);
        assert_eq!(answer.status, 303, "{email} cannot log in");
        // The next page brings the new session's token.
        self.get(&answer.location);
    }

    /// Logs in where the page to go to next cannot be seen.
    pub fn log_in_to(&self, email: &str) {
        let answer = self.submit("/login", &[("email", email), ("password", PASSWORD)]);
        assert_eq!(answer.status, 303, "{email} cannot log in");
        self.get("/profile");
    }

    /// The session's token, from the page seen last.
    pub fn token(&self) -> String {
        self.last.lock().unwrap().clone()
    }

    fn note(&self, mut answer: ureq::http::Response<ureq::Body>) -> Answer {
        let location = answer
            .headers()
            .get("location")
            .map(|v| v.to_str().unwrap().to_owned());
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        let body = answer.body_mut().read_to_vec().unwrap();
        let answer = Answer {
            headers,
            asked: String::new(),
            status: answer.status().as_u16(),
            location: location.unwrap_or_default(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        if let Some(token) = answer.attribute("input[name=_csrf]", "value") {
            *self.last.lock().unwrap() = token;
        }
        answer
    }
}
