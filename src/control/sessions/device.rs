//! What a browser says of itself, in two words: a guess for people, no ground for a decision.

use crate::web::Frame;

/// Names in the order in which they decide: the others claim to be those below them, too.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// `Firefox on Windows`; what it said itself where that is neither known, nor is it a browser.
pub fn name(p: &Frame, agent: &str) -> String {
    let find = |all: &[(&str, &'static str)]| {
        let found = all.iter().find(|(mark, _)| agent.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => {
            let params = [
                ("browser", browser.to_owned()),
                ("system", system.to_owned()),
            ];
            p.t.with_all("sessions-device-name", &params)
        }
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.is_empty() => p.t("sessions-device-unknown"),
        (None, None) => agent.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::name;
    use crate::access::Context;
    use crate::web::Frame;

    #[test]
    fn a_browser_is_told_by_its_own_name_and_not_by_those_it_claims() {
        let p = Frame::new(&Context::default(), "sessions-title");
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/148.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0 Safari/537.36 Edg/148.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 15.1; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on macOS",
            ),
            ("curl/8.5", "curl/8.5"),
            ("", "unknown"),
        ] {
            assert_eq!(name(&p, agent), expected);
        }
    }
}
