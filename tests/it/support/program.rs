//! A program that uses the API: `shop.get("/recipients")`, `shop.send("POST", "/lists", json)`.

use super::app::TestApp;
use mandant::access::load;
use mandant::control::audit::Actor;
use mandant::control::tokens::{self, NewToken};
use mandant::control::users;
use secrecy::ExposeSecret;
use serde_json::Value;
use std::collections::BTreeMap;

/// A program with a token for one tenant.
pub struct Program {
    /// Where the API's paths of its tenant begin.
    pub base: String,
    /// What it sends as `Authorization`; empty for nothing.
    pub authorization: String,
    /// What it sends as `Accept-Language`.
    pub language: &'static str,
    agent: ureq::Agent,
}

/// What the API answered.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub text: String,
    /// The body, if it is JSON.
    pub json: Value,
}

impl Reply {
    /// The codes of the faults of single fields: `("slug", "slug-taken")`.
    pub fn faults(&self) -> Vec<(&str, &str)> {
        let all = self.json["errors"].as_array();
        all.into_iter()
            .flatten()
            .map(|fault| {
                let text = |name: &str| fault[name].as_str().unwrap();
                (text("field"), text("code"))
            })
            .collect()
    }

    /// The items of a page.
    pub fn items(&self) -> &Vec<Value> {
        self.json["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{self:?}"))
    }
}

impl TestApp {
    /// A program with a token of this member for the tenant at `path`, with these rights (all that he has,
    /// if none is named).
    pub fn program(&self, email: &str, path: &str, rights: &[&str]) -> Program {
        let mut conn = self.db.as_provisioner();
        let user = users::by_email(&mut conn, email).unwrap().unwrap();
        let place = load::place(&mut conn, user, path).unwrap().unwrap();
        let rights: Vec<String> = if rights.is_empty() {
            place.rights.iter().cloned().collect()
        } else {
            rights.iter().map(|right| (*right).to_owned()).collect()
        };
        let last = mandant::clock::now() + chrono::Duration::days(30);
        let last = last.date_naive().to_string();
        let new = NewToken::check("shop", &rights, &last, "UTC", &place).unwrap();
        let actor = Actor::form(user);
        let text = tokens::create(&mut conn, actor, user, place.id, &new).unwrap();
        self.program_with(text.expose_secret(), path)
    }

    /// A program with this text as token.
    pub fn program_with(&self, token: &str, path: &str) -> Program {
        Program::before(self.base(), token, path)
    }
}

impl Program {
    /// A program before any server.
    pub fn before(root: &str, token: &str, path: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .new_agent();
        Self {
            base: format!("{root}/api/v1/t/{path}"),
            authorization: format!("Bearer {token}"),
            language: "en",
            agent,
        }
    }

    /// The same program in another tenant.
    pub fn at(&self, path: &str) -> Self {
        let root = self.base.split("/t/").next().unwrap();
        Self {
            base: format!("{root}/t/{path}"),
            authorization: self.authorization.clone(),
            language: self.language,
            agent: self.agent.clone(),
        }
    }

    /// Asks for something of the tenant.
    pub fn get(&self, path: &str) -> Reply {
        self.run("GET", path, "", "")
    }

    /// Takes something away.
    pub fn delete(&self, path: &str) -> Reply {
        self.run("DELETE", path, "", "")
    }

    /// Sends JSON.
    #[expect(clippy::needless_pass_by_value, reason = "tests write json!(…)")]
    pub fn send(&self, method: &str, path: &str, body: Value) -> Reply {
        self.run(method, path, "application/json", &body.to_string())
    }

    /// Sends JSON with `If-Match`.
    #[expect(clippy::needless_pass_by_value, reason = "tests write json!(…)")]
    pub fn send_if(&self, tag: &str, method: &str, path: &str, body: Value) -> Reply {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        self.run_with(method, path, &headers, &body.to_string())
    }

    /// Sends anything.
    pub fn run(&self, method: &str, path: &str, kind: &str, body: &str) -> Reply {
        let headers = [("content-type", kind)];
        let headers = if kind.is_empty() { &[] } else { &headers[..] };
        self.run_with(method, path, headers, body)
    }

    fn run_with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let url = match path.strip_prefix("/api/") {
            Some(rest) => format!("{}/api/{rest}", self.base.split("/api/").next().unwrap()),
            None => format!("{}{path}", self.base),
        };
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(url)
            .header("accept-language", self.language);
        if !self.authorization.is_empty() {
            request = request.header("authorization", &self.authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = if headers.is_empty() {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body.to_owned()).unwrap())
        };
        let mut answer = answer.unwrap();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let text = answer.body_mut().read_to_string().unwrap();
        Reply {
            status: answer.status().as_u16(),
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            headers,
            text,
        }
    }
}
