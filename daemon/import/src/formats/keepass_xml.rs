//! `KeePass`'s XML export, which `KeePassXC` writes too.

use countersign_core::secret::SecretText;
use data_encoding::BASE64;
use quick_xml::{Reader, events::Event};

use super::{Confidence, Format};
use crate::{
    file::File,
    import::{Import, ImportError},
    kdbx::Stream,
    keepass::Entry,
    prefs::{character, foreign_type},
};

/// The format.
pub(super) struct KeepassXml;

impl Format for KeepassXml {
    fn name(&self) -> &'static str {
        "keepass-xml"
    }

    fn title(&self) -> &'static str {
        "KeePass, KeePassXC (XML)"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["Database, Export, To XML file", "Or the database itself, which stays encrypted: ….kdbx"]
    }

    fn detect(&self, file: &File) -> Confidence {
        let head: String = file.text().unwrap_or_default().chars().take(400).collect();
        if head.contains("<KeePassFile") { Confidence::Sure } else { Confidence::No }
    }

    fn read(&self, file: &File, _: Option<&SecretText>) -> Result<Import, ImportError> {
        let text = file.text().ok_or_else(|| ImportError::damaged("it is not text"))?;
        Walk::default().through(text)
    }
}

/// Where in the tree the reader is.
#[derive(Default)]
pub(super) struct Walk {
    /// What shows hidden values; none in an export, in which nothing is hidden.
    stream: Option<Stream>,
    /// The hidden value that is being read.
    hidden: Option<String>,
    path: Vec<String>,
    groups: Vec<String>,
    group_ids: Vec<String>,
    group_tags: Vec<String>,
    bin: String,
    key: String,
    value: String,
    attributes: Vec<(String, String)>,
    tags: String,
    import: Import,
}

impl Walk {
    /// Returns one through the tree of a database.
    pub(super) fn showing(stream: Stream) -> Self {
        Self { stream: Some(stream), ..Self::default() }
    }

    pub(super) fn through(mut self, text: &str) -> Result<Import, ImportError> {
        let damaged = || ImportError::damaged("its XML");
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        loop {
            match reader.read_event().map_err(|_| damaged())? {
                Event::Start(tag) => {
                    self.enter(tag.name().as_ref().to_owned());
                    let is_hidden = tag.try_get_attribute("Protected").map_err(|_| damaged())?;
                    let is_hidden = is_hidden.is_some_and(|hidden| hidden.value.eq_ignore_ascii_case("true"));
                    self.hidden = (is_hidden && self.stream.is_some()).then(String::new);
                }
                Event::Text(text) => self.say(&text),
                Event::CData(text) => self.say(&text),
                Event::GeneralRef(entity) => {
                    let character = character(&entity).ok_or_else(damaged)?;
                    self.say(character.encode_utf8(&mut [0; 4]));
                }
                Event::End(_) => {
                    self.show().ok_or_else(|| ImportError::damaged("a value in it"))?;
                    self.leave();
                }
                Event::DocType(_) => return Err(foreign_type()),
                Event::Eof if self.path.is_empty() => return Ok(self.import),
                Event::Eof => return Err(damaged()),
                _ => {}
            }
            if self.path.len() > MAX_DEPTH {
                return Err(damaged());
            }
        }
    }

    fn enter(&mut self, name: String) {
        match name.as_str() {
            "Group" => {
                self.groups.push(String::new());
                self.group_ids.push(String::new());
                self.group_tags.push(String::new());
            }
            "Entry" if !self.in_history() => {
                self.attributes.clear();
                self.tags.clear();
            }
            "String" => {
                self.key.clear();
                self.value.clear();
            }
            _ => {}
        }
        self.path.push(name);
    }

    /// Shows the hidden value that ends here. The stream goes on from value to value in the order of the document, be it an
    /// attachment's or of an earlier state. `None` where it is none, or comes out as no text: another key would be read.
    fn show(&mut self) -> Option<()> {
        let (Some(hidden), Some(stream)) = (self.hidden.take(), &mut self.stream) else { return Some(()) };
        let base64: String = hidden.split_whitespace().collect();
        let mut bytes = BASE64.decode(base64.as_bytes()).ok()?;
        stream.apply(&mut bytes);
        // Attachments may be anything.
        let is_text = self.path.last().is_some_and(|name| name == "Value");
        match str::from_utf8(&bytes) {
            Ok(text) => self.say(text),
            Err(_) if is_text => return None,
            Err(_) => {}
        }
        Some(())
    }

    fn say(&mut self, text: &str) {
        if let Some(hidden) = &mut self.hidden {
            return hidden.push_str(text);
        }
        let [.., outer, inner] = self.path.as_slice() else { return };
        match (outer.as_str(), inner.as_str()) {
            ("Group", "Name") => self.groups.last_mut().into_iter().for_each(|name| name.push_str(text)),
            ("Group", "UUID") => self.group_ids.last_mut().into_iter().for_each(|id| id.push_str(text)),
            ("Group", "Tags") => self.group_tags.last_mut().into_iter().for_each(|tags| tags.push_str(text)),
            ("Meta", "RecycleBinUUID") => self.bin.push_str(text),
            ("String", "Key") => self.key.push_str(text),
            ("String", "Value") => self.value.push_str(text),
            ("Entry", "Tags") if !self.in_history() => self.tags.push_str(text),
            _ => {}
        }
    }

    fn leave(&mut self) {
        let Some(name) = self.path.pop() else { return };
        match name.as_str() {
            "Group" => {
                self.groups.pop();
                self.group_ids.pop();
                self.group_tags.pop();
            }
            "String" if !self.in_history() => {
                self.attributes.push((std::mem::take(&mut self.key), std::mem::take(&mut self.value)));
            }
            "Entry" if !self.in_history() => self.take(),
            _ => {}
        }
    }

    /// Says whether what is read is an earlier state of an entry.
    fn in_history(&self) -> bool {
        self.path.iter().any(|name| name == "History")
    }

    fn take(&mut self) {
        let attributes = self.attributes.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        // What lies in a group has its labels too.
        let labels = self.group_tags.iter().chain([&self.tags]).flat_map(|tags| tags.split([';', ',', '\t']));
        // The outermost group is the database itself.
        let groups = self.groups.iter().skip(1).map(String::as_str);
        let tags = groups.chain(labels.map(str::trim)).map(str::to_owned).collect();
        let bin = Some(self.bin.trim()).filter(|bin| !bin.is_empty() && *bin != NO_GROUP);
        let deleted = bin.is_some_and(|bin| self.group_ids.iter().any(|id| id.trim() == bin));
        Entry { attributes, tags, deleted }.take(&mut self.import);
    }
}

const MAX_DEPTH: usize = 100;
/// Where there is no bin.
const NO_GROUP: &str = "AAAAAAAAAAAAAAAAAAAAAA==";

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that is text would be another one.
    #[test]
    fn what_is_hidden_is_text_or_an_attachment() {
        let read = |element: &str, key: &[u8]| {
            let hidden = format!("<{element} Protected=\"True\">{}</{element}>", BASE64.encode(key));
            let entry = format!("<Entry><String><Key>TimeOtp-Secret</Key>{hidden}</String></Entry>");
            let walk = Walk::showing(Stream::None).through(&format!("<KeePassFile>{entry}</KeePassFile>"));
            walk.map(|import| import.accounts.iter().map(|one| one.account.secret.expose().to_vec()).collect())
        };
        assert_eq!(read("Value", "hüsh".as_bytes()), Ok(vec!["hüsh".as_bytes().to_vec()]));
        assert_eq!(read("Value", b"h\xffsh"), Err(ImportError::damaged("a value in it")));
        assert_eq!(read("Binary", b"h\xffsh"), Ok(Vec::new()));
    }

    #[test]
    fn the_bin_is_the_group_that_is_named_so_and_else_none() {
        let deleted = |bin: &str, id: &str| {
            let entry = "<Entry><String><Key>otp</Key><Value>key=JBSWY3DPEHPK3PXP</Value></String></Entry>";
            let group = format!("<Group><UUID>{id}</UUID><Name>x</Name>{entry}</Group>");
            let meta = format!("<Meta><RecycleBinUUID>{bin}</RecycleBinUUID></Meta>");
            let file = format!("<KeePassFile>{meta}<Root><Group><Name>Root</Name>{group}</Group></Root></KeePassFile>");
            KeepassXml.read(&File::new(file.into()), None).unwrap().accounts.is_empty()
        };
        let id = "CCECAwQFBgcICQoLDA0ODw==";
        assert!(deleted(id, id) && deleted(&format!("\n{id} "), id));
        assert!(!deleted("", "") && !deleted(NO_GROUP, NO_GROUP) && !deleted(NO_GROUP, id));
    }

    /// An entity parts a text into several.
    #[test]
    fn a_label_may_have_signs_of_xml_in_it() {
        let otp = "<Key>otp</Key><Value>key=JBSWY3DPEHPK3PXP</Value>";
        let entry = format!("<Entry><Tags>R&amp;D; a &lt; b,c</Tags><String>{otp}</String></Entry>");
        let groups = format!("<Group><Name>Q&amp;A</Name><Group><Name/>{entry}</Group></Group>");
        let file = format!("<KeePassFile><Root><Group><Name>Root</Name>{groups}</Group></Root></KeePassFile>");
        let account = KeepassXml.read(&File::new(file.into()), None).unwrap().accounts.remove(0);
        assert_eq!(account.tags, ["Q&A", "R&D", "a < b", "c"]);
    }

    /// `KeePass` shows them at each entry; they had been lost.
    #[test]
    fn the_labels_of_a_group_are_those_of_what_lies_in_it() {
        let entry = |tags: &str| {
            let otp = "<Key>otp</Key><Value>key=JBSWY3DPEHPK3PXP</Value>";
            format!("<Entry><Tags>{tags}</Tags><String>{otp}</String></Entry>")
        };
        let inner = format!("<Group><Name>Work</Name><Tags>b;c</Tags>{}</Group>", entry("own"));
        let root = format!("<Group><Name>Root</Name><Tags>a</Tags>{}{inner}{}</Group>", entry(""), entry(""));
        let file = format!("<KeePassFile><Root>{root}</Root></KeePassFile>");
        let accounts = KeepassXml.read(&File::new(file.into()), None).unwrap().accounts;
        let tags: Vec<_> = accounts.into_iter().map(|one| one.tags).collect();
        assert_eq!(tags, [vec!["a"], vec!["Work", "a", "b", "c", "own"], vec!["a"]]);
    }
}
