//! Addresses: of e-mail, of telephones, of web pages.

use super::Fault;

/// An e-mail address: trimmed, lower case, an international domain as punycode.
///
/// # Errors
/// `email` where it is none.
pub fn email(text: &str) -> Result<String, Fault> {
    use validator::ValidateEmail;
    let lower = text.trim().to_lowercase();
    let (local, domain) = lower.rsplit_once('@').ok_or("email")?;
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        idna::domain_to_ascii(domain).map_err(|_| "email")?
    };
    let dots_fit = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    let address = format!("{local}@{domain}");
    let good = dots_fit
        && domain.contains('.')
        && local.len() <= 64
        && address.len() <= 254
        && address.validate_email();
    if good { Ok(address) } else { Err("email") }
}

pub(super) fn phone(text: &str) -> Result<String, Fault> {
    if !text
        .chars()
        .all(|c| c.is_ascii_digit() || " +-/().".contains(c))
    {
        return Err("phone");
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let plus = if text.trim_start().starts_with('+') {
        "+"
    } else {
        ""
    };
    if (5..=15).contains(&digits.len()) {
        Ok(format!("{plus}{digits}"))
    } else {
        Err("phone")
    }
}

pub(super) fn web_address(text: &str) -> Result<String, Fault> {
    let url = url::Url::parse(text).map_err(|_| "url")?;
    let good =
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.as_str().len() <= 2000;
    if good {
        Ok(url.to_string())
    } else {
        Err("url")
    }
}
