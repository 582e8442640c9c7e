//! Android's shared preferences: an XML map of named texts.

use quick_xml::{Reader, XmlVersion, events::Event};

use crate::import::ImportError;

/// Returns the names and texts of a map; other values are passed over. Entities of its own are refused.
pub fn strings(bytes: &[u8]) -> Result<Vec<(String, String)>, ImportError> {
    let damaged = || ImportError::damaged("its XML");
    let mut reader = Reader::from_reader(bytes);
    let mut strings = Vec::new();
    let mut open: Option<(String, String)> = None;
    loop {
        match reader.read_event().map_err(|_| damaged())? {
            Event::Start(tag) if tag.name().as_ref() == "string" => {
                // Those of a set have no name.
                let Some(name) = tag.try_get_attribute("name").map_err(|_| damaged())? else { continue };
                let name = name.normalized_value(XmlVersion::Implicit1_0).map_err(|_| damaged())?.into_owned();
                open = Some((name, String::new()));
            }
            Event::Text(text) => {
                if let Some((_, value)) = &mut open {
                    value.push_str(&text);
                }
            }
            Event::GeneralRef(entity) => {
                if let Some((_, value)) = &mut open {
                    value.push(character(&entity).ok_or_else(damaged)?);
                }
            }
            Event::End(tag) if tag.name().as_ref() == "string" => strings.extend(open.take()),
            Event::DocType(_) => return Err(foreign_type()),
            Event::Eof => return Ok(strings),
            _ => {}
        }
    }
}

/// No such program writes a document type: its entities can grow without end, or name files.
pub(crate) fn foreign_type() -> ImportError {
    ImportError::damaged("its XML brings a document type of its own")
}

/// Returns what one of XML's own entities, or a character by its number, stands for.
pub(crate) fn character(entity: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = entity.resolve_char_ref() {
        return Some(character);
    }
    match &**entity {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

/// Says whether a text looks like such a map.
pub fn is_map(text: Option<&str>) -> bool {
    let head: String = text.unwrap_or_default().chars().take(4096).collect();
    head.trim_start().starts_with('<') && head.contains("<map")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set of texts made the whole file damaged.
    #[test]
    fn what_is_no_text_with_a_name_is_passed_over() {
        let text = "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\n<map>\n<set name=\"a\"><string>x</string>\
                    <string>y</string></set><int name=\"b\" value=\"1\" /><string name=\"c\">&lt;&#252;&quot;</string>\
                    <string name=\"d\" /></map>";
        assert_eq!(strings(text.as_bytes()), Ok(vec![("c".into(), "<ü\"".into())]));
    }
}
