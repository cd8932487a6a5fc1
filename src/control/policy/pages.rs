//! What a tenant asks of passwords and sessions: on one page, with what holds from above and what it sets itself.

use super::Policy;
use crate::access::ControlAccess;
use crate::access::Routes;
use crate::access::rights::ChangePolicy;
use crate::control::audit::Actor;
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, InputKind, see_other_saying};
use actix_web::HttpResponse;
use serde::Deserialize;
use validator::Validate;

/// The routes.
pub fn routes(r: &mut Routes) {
    r.critical(|r| {
        r.get("/t/{tenant}/policy", page);
        r.post("/t/{tenant}/policy", save);
    });
}

/// A rule that is a number: name, least, most, and what holds where nobody asks anything.
struct Number {
    name: &'static str,
    range: (i32, i32),
    of: fn(&Policy) -> Option<i32>,
}

const NUMBERS: [Number; 6] = [
    Number {
        name: "password_length",
        range: (10, 64),
        of: |policy| policy.password_length,
    },
    Number {
        name: "password_days",
        range: (1, 3650),
        of: |policy| policy.password_days,
    },
    Number {
        name: "idle_minutes",
        range: (1, 10080),
        of: |policy| policy.idle_minutes,
    },
    Number {
        name: "absolute_hours",
        range: (1, 720),
        of: |policy| policy.absolute_hours,
    },
    Number {
        name: "most_sessions",
        range: (1, 100),
        of: |policy| policy.most_sessions,
    },
    Number {
        name: "proof_minutes",
        range: (1, 1440),
        of: |policy| policy.proof_minutes,
    },
];

#[derive(Debug, Default, Deserialize, Validate)]
struct PolicyForm {
    #[serde(default)]
    password_length: String,
    #[serde(default)]
    password_score: String,
    #[serde(default)]
    password_classes: String,
    #[serde(default)]
    password_days: String,
    #[serde(default)]
    idle_minutes: String,
    #[serde(default)]
    absolute_hours: String,
    #[serde(default)]
    most_sessions: String,
    #[serde(default)]
    proof_minutes: String,
    #[serde(default)]
    version: i32,
}

impl PolicyForm {
    fn of((own, version): &(Policy, i32)) -> Self {
        let text = |number: Option<i32>| number.map(|n| n.to_string()).unwrap_or_default();
        Self {
            password_length: text(own.password_length),
            password_score: text(own.password_score),
            password_classes: if own.password_classes == Some(true) {
                "on"
            } else {
                ""
            }
            .into(),
            password_days: text(own.password_days),
            idle_minutes: text(own.idle_minutes),
            absolute_hours: text(own.absolute_hours),
            most_sessions: text(own.most_sessions),
            proof_minutes: text(own.proof_minutes),
            version: *version,
        }
    }

    fn text(&self, name: &str) -> &str {
        match name {
            "password_length" => &self.password_length,
            "password_days" => &self.password_days,
            "idle_minutes" => &self.idle_minutes,
            "absolute_hours" => &self.absolute_hours,
            "most_sessions" => &self.most_sessions,
            _ => &self.proof_minutes,
        }
    }

    /// What was typed as rules; blank is none.
    fn wanted(&self) -> Result<Policy, Errors> {
        let mut errors = Errors::new();
        let mut number = |name: &'static str| {
            let text = self.text(name).trim();
            let (least, most) = NUMBERS
                .iter()
                .find(|number| number.name == name)
                .map_or((0, 0), |number| number.range);
            if text.is_empty() {
                return None;
            }
            let found = text.parse().ok().filter(|n| (least..=most).contains(n));
            if found.is_none() {
                let range = [("least", least.to_string()), ("most", most.to_string())];
                errors.extend(error_at(name, "policy-range", &range));
            }
            found
        };
        let policy = Policy {
            password_length: number("password_length"),
            password_days: number("password_days"),
            idle_minutes: number("idle_minutes"),
            absolute_hours: number("absolute_hours"),
            most_sessions: number("most_sessions"),
            proof_minutes: number("proof_minutes"),
            password_score: self
                .password_score
                .parse()
                .ok()
                .filter(|n| (2..=4).contains(n)),
            password_classes: (self.password_classes == "on").then_some(true),
        };
        if errors.is_empty() {
            Ok(policy)
        } else {
            Err(errors)
        }
    }
}

/// The help of a rule: what it does, and what holds from above.
fn help(p: &Frame, name: &str, above: Option<String>) -> String {
    let what = p.t(&format!("policy-{}-help", name.replace('_', "-")));
    let above = match above {
        Some(value) => p.t.with("policy-above", "value", &value),
        None => p.t("policy-above-none"),
    };
    format!("{what} {above}")
}

fn form(p: &Frame, above: &Policy, typed: &PolicyForm) -> FormView {
    let number = |name: &'static str| {
        let of = NUMBERS.iter().find(|number| number.name == name);
        let value = of
            .and_then(|number| (number.of)(above))
            .map(|n| n.to_string());
        let label = p.t(&format!("policy-{}", name.replace('_', "-")));
        Input::line(name, label, typed.text(name))
            .typed("number")
            .help(help(p, name, value))
    };
    let score = |n: i32| p.t(&format!("policy-score-{n}"));
    let mut scores = vec![(String::new(), p.t("policy-open"))];
    scores.extend((2..=4).map(|n| (n.to_string(), score(n))));
    let classes = above
        .password_classes
        .filter(|yes| *yes)
        .map(|_| p.t("value-yes"));
    let heading = |key: &str| Input::new(InputKind::Heading, "", p.t(key));
    FormView::new(p.url("/policy"), p.t("save"))
        .input(heading("policy-passwords"))
        .input(number("password_length"))
        .input(
            Input::select(
                "password_score",
                p.t("policy-password-score"),
                scores,
                &typed.password_score,
            )
            .help(help(p, "password_score", above.password_score.map(score))),
        )
        .input(
            Input::check(
                "password_classes",
                p.t("policy-password-classes"),
                typed.password_classes == "on",
            )
            .help(help(p, "password_classes", classes)),
        )
        .input(number("password_days"))
        .input(heading("policy-sessions"))
        .input(number("idle_minutes"))
        .input(number("absolute_hours"))
        .input(number("most_sessions"))
        .input(heading("policy-proof"))
        .input(number("proof_minutes"))
        .input(Input::new(InputKind::Hidden, "version", "").value(typed.version.to_string()))
}

async fn load(access: &ControlAccess<ChangePolicy>) -> Result<(Policy, (Policy, i32))> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| {
            Ok((
                super::above(conn.pg(), tenant)?,
                super::own(conn.pg(), tenant)?,
            ))
        })
        .await
}

fn show(
    access: &ControlAccess<ChangePolicy>,
    above: &Policy,
    typed: &PolicyForm,
    errors: Option<&Errors>,
) -> Result<HttpResponse> {
    let p = Frame::new(access.context(), "nav-policy").section("policy");
    let form = form(&p, above, typed);
    let intro = p.t("policy-intro");
    FormPage::answer(p, intro, form, errors)
}

async fn page(access: ControlAccess<ChangePolicy>) -> Result<HttpResponse> {
    let (above, own) = load(&access).await?;
    show(&access, &above, &PolicyForm::of(&own), None)
}

async fn save(
    access: ControlAccess<ChangePolicy>,
    sent: Submitted<PolicyForm>,
) -> Result<HttpResponse> {
    let (above, own) = load(&access).await?;
    let mut typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return show(&access, &above, &typed, Some(&errors)),
    };
    let wanted = match typed.wanted() {
        Ok(wanted) => wanted,
        Err(errors) => return show(&access, &above, &typed, Some(&errors)),
    };
    let (actor, tenant) = (Actor::form(access.user().id), access.tenant().id);
    let version = typed.version;
    let saved = access
        .run(move |conn| super::set(conn.pg(), actor, tenant, &wanted, version))
        .await;
    match saved {
        Ok(()) => {
            let url = format!("{}/policy", access.tenant().base());
            Ok(see_other_saying(&url, "success", "said-saved", &[]))
        }
        Err(AppError::Conflict) => {
            typed.version = own.1;
            show(
                &access,
                &above,
                &typed,
                Some(&error_at("", "policy-changed-meanwhile", &[])),
            )
        }
        Err(other) => Err(other),
    }
}
