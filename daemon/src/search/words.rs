//! What a person who types into a search box means: files, programs, the web, and now and then an account.
//!
//! So accounts answer to the beginnings of words: `gith` and `hub` find GitHub, `alice` all of hers. They don't answer to a
//! single letter, unless that is the whole word (`X`), nor to what nearly every account has, the end of a mail address.

/// What was typed, as far as it is looked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Query {
    terms: Vec<String>,
}

impl Query {
    /// Takes what was typed; `None` for too little, or for more than any account is called.
    pub fn new(words: &[String]) -> Option<Self> {
        if words.iter().map(String::len).sum::<usize>() > MAX_ALL {
            return None;
        }
        let terms = words.iter().flat_map(|word| word.split_whitespace());
        let mut terms: Vec<String> = terms.map(plain).filter(|term| !term.is_empty()).take(MAX_TERMS + 1).collect();
        if terms.len() > MAX_TERMS || terms.iter().any(|term| term.len() > MAX_LENGTH) {
            return None;
        }
        // "github code", "otp aws": these say what is wanted, not of which account.
        if terms.iter().any(|term| !is_about(term)) {
            terms.retain(|term| !is_about(term));
        }
        (!terms.is_empty()).then_some(Self { terms })
    }

    /// Says whether it is long enough to say anything at all.
    pub fn is_long(&self) -> bool {
        self.terms.iter().any(|term| term.chars().count() >= SHORTEST)
    }

    /// Says whether it asks for this program by its name or its trade.
    pub fn is_about_us(&self) -> bool {
        let ours = |term: &String| is_about(term) || (term.len() >= 3 && OURS.iter().any(|our| our.starts_with(term)));
        self.terms.iter().all(ours)
    }

    /// Returns how well an account fits, from 0 to 1; `None` where it does not.
    pub fn fits(&self, issuer: &str, name: &str) -> Option<f64> {
        let account = Words::of(issuer, name);
        let levels: Option<Vec<f64>> = self.terms.iter().map(|term| account.fits(term)).collect();
        levels.map(|levels| levels.into_iter().fold(1.0, f64::min))
    }
}

/// The words that an account answers to.
struct Words {
    /// The issuer in one, without spaces and signs.
    issuer: String,
    of_issuer: Vec<String>,
    of_name: Vec<String>,
}

impl Words {
    fn of(issuer: &str, name: &str) -> Self {
        // Of alice@example.com, alice and example.
        let named = match name.rsplit_once('@') {
            Some((person, domain)) => format!("{person} {}", domain.rsplit_once('.').map_or(domain, |(rest, _)| rest)),
            None => name.to_owned(),
        };
        Self { issuer: plain(issuer), of_issuer: split(issuer), of_name: split(&named) }
    }

    fn fits(&self, term: &str) -> Option<f64> {
        if self.issuer == term || self.of_issuer.iter().any(|word| word == term) {
            return Some(1.0);
        }
        if self.of_name.iter().any(|word| word == term) {
            return Some(0.8);
        }
        let length = term.chars().count();
        let begins = |words: &[String]| words.iter().any(|word| word.starts_with(term));
        match length {
            _ if length < SHORTEST => None,
            _ if self.issuer.starts_with(term) || begins(&self.of_issuer) => Some(0.9),
            _ if begins(&self.of_name) => Some(0.7),
            _ if length >= INSIDE && self.issuer.contains(term) => Some(0.6),
            _ => None,
        }
    }
}

/// Returns letters and digits only, in lower case: signs, and characters that show nothing, keep nothing from being found.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn split(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(plain).collect()
}

fn is_about(term: &str) -> bool {
    ABOUT.contains(&term)
}

/// The shortest word that is looked for by its beginning.
pub const SHORTEST: usize = 2;
/// The shortest that is looked for inside an issuer.
const INSIDE: usize = 3;
const MAX_TERMS: usize = 8;
/// The most bytes of all words.
const MAX_ALL: usize = 1024;
const MAX_LENGTH: usize = 64;
const ABOUT: [&str; 6] = ["otp", "totp", "2fa", "mfa", "code", "codes"];
const OURS: [&str; 2] = ["countersign", "authenticator"];

#[cfg(test)]
mod tests {
    use super::*;

    fn level(typed: &str, issuer: &str, name: &str) -> Option<f64> {
        Query::new(&[typed.to_owned()])?.fits(issuer, name)
    }

    #[test]
    fn an_account_answers_to_the_beginnings_of_its_words() {
        for (typed, issuer, name) in [
            ("gith", "GitHub", "alice"),
            ("GITHUB", "GitHub", "alice"),
            ("hub", "GitHub", "alice"),
            ("ali", "GitHub", "alice"),
            ("github ali", "GitHub", "alice"),
            ("example", "Google", "alice@mail.example.com"),
            ("sign", "Google Sign-In", ""),
            ("signin", "Google Sign-In", ""),
            ("google", "Goo\u{200b}gle", ""),
            ("x", "X", "alice"),
            ("grü", "Grüße", ""),
            ("github code", "GitHub", "alice"),
            ("code", "CodeShip", ""),
        ] {
            assert!(level(typed, issuer, name).is_some(), "{typed} does not find {issuer} {name}");
        }
    }

    #[test]
    fn what_is_typed_for_something_else_finds_no_account() {
        for (typed, issuer, name) in [
            ("g", "GitHub", "alice"),
            ("", "GitHub", "alice"),
            (" - ", "GitHub", "alice"),
            ("com", "GitHub", "alice@example.com"),
            ("github bob", "GitHub", "alice"),
            ("ub", "GitHub", "alice"),
            ("lic", "GitHub", "alice"),
            ("code", "GitHub", "alice"),
        ] {
            assert_eq!(level(typed, issuer, name), None, "{typed} finds {issuer} {name}");
        }
        assert_eq!(Query::new(&["a".repeat(MAX_LENGTH + 1)]), None);
        assert_eq!(Query::new(&["ab ".repeat(MAX_TERMS + 1)]), None);
    }

    #[test]
    fn what_fits_better_comes_first() {
        let levels = ["github", "git", "alice", "ali", "thub"].map(|typed| level(typed, "GitHub", "alice").unwrap());
        assert!(levels[0] > levels[1] && levels[1] > levels[2], "{levels:?}");
        assert!(levels[2] > levels[3] && levels[3] > levels[4], "{levels:?}");
        assert_eq!(level("github ali", "GitHub", "alice"), level("ali", "GitHub", "alice"));
    }

    #[test]
    fn who_looks_for_us_is_told_from_who_does_not() {
        let about = |typed: &str| Query::new(&[typed.to_owned()]).unwrap().is_about_us();
        for typed in ["cou", "Countersign", "2fa", "authent", "otp code"] {
            assert!(about(typed), "{typed}");
        }
        for typed in ["firefox", "co", "github code", "countersigned"] {
            assert!(!about(typed), "{typed}");
        }
    }
}
