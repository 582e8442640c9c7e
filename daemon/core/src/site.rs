//! What a site is called, by people and by its QR: `https://www.github.com/login`, `github.com` and `GitHub` are one.

use crate::account::Account;

/// Returns what all writings of a site have in common; empty where nothing is left of the name.
///
/// Of an address the name in its domain, of anything else letters and digits, both in lower case; an account that is named
/// after a colon belongs to it.
pub fn key(name: &str) -> String {
    let text = name.trim().to_lowercase();
    if let Some((_, address)) = text.split_once("://") {
        let host = address.split(['/', '?', '#', ':']).next().unwrap_or_default();
        return plain(domain(host).unwrap_or(host));
    }
    let (site, account) = split(&text);
    let host = site.split(['/', '?', '#']).next().unwrap_or_default();
    [plain(domain(host).unwrap_or(site)), account.map(plain).unwrap_or_default()]
        .join(":")
        .trim_end_matches(':')
        .to_owned()
}

/// Returns a name on the list without the account that may follow after a colon.
pub fn without_account(name: &str) -> &str {
    split(name).0
}

/// Returns the keys that an account's own names have: those of its issuer and its prefix, and where it has neither, of its name.
pub fn keys(account: &Account) -> Vec<String> {
    let prefix = account.prefix.as_deref().unwrap_or_default();
    let own = [account.issuer.as_str(), prefix];
    let names = if own.iter().all(|name| name.is_empty()) { vec![account.name.as_str()] } else { own.to_vec() };
    names.into_iter().map(key).filter(|key| !key.is_empty()).collect()
}

/// Says whether an account is one with this site, and where the site names one after a colon, that one.
pub fn fits(site: &str, account: &Account) -> bool {
    let (site, name) = split(site);
    keys(account).contains(&key(site)) && name.is_none_or(|name| plain(name) == plain(&account.name.to_lowercase()))
}

/// Splits `GitHub:alice`; the colon of an address parts nothing.
fn split(name: &str) -> (&str, Option<&str>) {
    match name.split_once(':') {
        Some((site, account)) if !account.starts_with("//") && !plain(account).is_empty() => (site, Some(account)),
        _ => (name, None),
    }
}

fn plain(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Returns the name in a domain: of `accounts.example.co.uk` it is `example`.
fn domain(host: &str) -> Option<&str> {
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    if labels.len() < 2 || !labels.iter().all(is_label) {
        return None;
    }
    let second = labels[labels.len() - 2];
    let of_a_country = labels.len() > 2 && second.len() <= SHORT && labels[labels.len() - 1].len() == 2;
    Some(if of_a_country { labels[labels.len() - 3] } else { second })
}

/// The longest label that stands between a name and its country: `com`, `co`, `gov`.
const SHORT: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::Kind, secret::Secret};

    fn account(issuer: &str, prefix: &str, name: &str) -> Account {
        let prefix = (!prefix.is_empty()).then(|| prefix.to_owned());
        Account { issuer: issuer.into(), name: name.into(), prefix, kind: Kind::totp(), secret: Secret::new(vec![1]) }
    }

    #[test]
    fn all_writings_of_a_site_are_one() {
        let rows = [
            ("github", &["GitHub", " git-hub ", "github.com", "www.github.com", "https://GitHub.com/login?x=1"][..]),
            ("example", &["example.co.uk", "https://mail.example.com.au:8443/", "Example"]),
            ("amazonwebservices", &["Amazon Web Services"]),
            ("foobank", &["Foo Bank!", "foo. bank"]),
        ];
        for (expected, names) in rows {
            for name in names {
                assert_eq!(key(name), expected, "{name}");
            }
        }
        assert_eq!(key(" .:! "), "");
    }

    #[test]
    fn an_account_fits_by_issuer_or_by_what_stood_before_the_colon() {
        assert!(fits("github.com", &account("GitHub", "", "alice")));
        assert!(fits("Contoso", &account("Microsoft", "Contoso", "alice")));
        assert!(fits("Shop", &account("", "", "Shop")));
        assert!(!fits("Amazon", &account("Amazon Web Services", "", "root")), "another account");
        assert!(!fits("alice", &account("GitHub", "", "alice")));
    }

    #[test]
    fn of_two_accounts_with_a_site_the_named_one_is_meant() {
        let alice = account("GitHub", "", "Alice@example.org");
        assert!(fits("GitHub:alice@example.org", &alice) && fits("github.com: alice@example.org", &alice));
        assert!(!fits("GitHub:bob", &alice) && fits("https://github.com", &alice));
        assert_ne!(key("GitHub:bob"), key("GitHub:alice"));
        assert_eq!(without_account("GitHub:bob"), "GitHub");
    }
}
