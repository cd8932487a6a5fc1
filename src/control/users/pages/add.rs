//! Adding a user: somebody new, or one who has an account already.

use super::super::admit::{self, Admitted, Wanted};
use super::super::invite::Invited;
use super::{frame, invitation, roles};
use crate::access::ControlAccess;
use crate::access::rights::ChangeUsers;
use crate::control::memberships::Granter;
use crate::control::roles::{self as all_roles, Role};
use crate::error::{AppError, Result};
use crate::web::form::{Errors, Faulty, Submitted, error_at};
use crate::web::view::FormPage;
use crate::web::{FormView, Frame, Input, see_other_saying};
use actix_web::HttpResponse;
use secrecy::SecretString;
use serde::Deserialize;
use validator::Validate;

/// What the form sends.
#[derive(Debug, Default, Deserialize, Validate)]
pub(super) struct UserForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    hand_over: String,
    #[serde(default)]
    roles: Vec<String>,
}

fn form(p: &Frame, mails: bool, usable: &[Role], typed: &UserForm) -> FormView {
    let mut chosen = roles::input(p, usable, &typed.roles);
    chosen.required = true;
    let help = if mails {
        "users-password-help"
    } else {
        "users-password-help-link"
    };
    let hand_over = mails.then(|| {
        let on = typed.hand_over == "on";
        Input::check("hand_over", p.t("invitation-hand-over"), on)
    });
    FormView::new(p.url("/users"), p.t("users-add"))
        .input(
            Input::line("email", p.t("login-email"), &typed.email)
                .typed("email")
                .required()
                .max(254)
                .autocomplete("off"),
        )
        .input(
            Input::line("name", p.t("users-name"), &typed.name)
                .help(p.t("users-name-help"))
                .max(100)
                .autocomplete("off"),
        )
        .input(
            Input::line("password", p.t("users-password"), "")
                .typed("password")
                .help(p.t(help))
                .autocomplete("new-password"),
        )
        .inputs(hand_over)
        .input(chosen)
        .cancel(p.url("/users"))
}

async fn usable(access: &ControlAccess<ChangeUsers>) -> Result<Vec<Role>> {
    let tenant = access.tenant().id;
    access
        .run(move |conn| all_roles::usable(conn.pg(), tenant))
        .await
}

pub(super) async fn new(access: ControlAccess<ChangeUsers>) -> Result<HttpResponse> {
    let p = frame(access.context(), "users-new");
    let typed = UserForm {
        roles: vec!["viewer".into()],
        ..UserForm::default()
    };
    let mails = access.app().post().sends();
    let form = form(&p, mails, &usable(&access).await?, &typed);
    p.render(|p| FormPage {
        intro: p.t.with("users-new-intro", "tenant", &p.trail()),
        form,
        p,
    })
}

/// A refusal that the form can show.
pub(super) fn at_input(error: AppError) -> Result<Errors> {
    match error {
        AppError::Invalid { key, params } => Ok(error_at(admit::input_of(key), key, &params)),
        other => Err(other),
    }
}

pub(super) async fn create(
    access: ControlAccess<ChangeUsers>,
    sent: Submitted<UserForm>,
) -> Result<HttpResponse> {
    let (usable, post) = (usable(&access).await?, access.app().post());
    let again = |typed: UserForm, errors: Errors| {
        let p = frame(access.context(), "users-new");
        let form = form(&p, post.sends(), &usable, &typed).errors(&p.t, &errors);
        p.render_again(|p| FormPage {
            intro: p.t.with("users-new-intro", "tenant", &p.trail()),
            form,
            p,
        })
    };
    let typed = match sent.validated() {
        Ok(form) => form.into_inner(),
        Err(Faulty { typed, errors }) => return again(typed, errors),
    };
    let granter = Granter::of(&access).await?;
    let wanted = Wanted {
        email: typed.email.clone(),
        name: typed.name.clone(),
        password: typed.password.clone(),
        hand_over: typed.hand_over == "on",
        language: access.user().language.clone(),
        roles: typed.roles.clone(),
    };
    let of_act = post.clone();
    let made = access
        .run(move |conn| admit::admit(conn.pg(), &granter, &of_act, &wanted))
        .await;
    match made {
        Ok(Admitted {
            user,
            invited: Some(Invited::Link(link)),
            ..
        }) => {
            let p = frame(access.context(), "nav-users");
            invitation::show(p, &typed.name, link, user.0)
        }
        Ok(Admitted { email, invited, .. }) => Ok(see_other_saying(
            &format!("{}/users", access.tenant().base()),
            "success",
            match invited {
                Some(_) => "said-user-invited",
                None => "said-user-added",
            },
            &[("email", email)],
        )),
        Err(error) => again(typed, at_input(error)?),
    }
}
