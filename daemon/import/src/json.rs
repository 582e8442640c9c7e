//! Members of JSON objects as foreign programs write them: missing, null, or a number in quotes.

use serde_json::Value;

/// Returns a text; a missing one is empty.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Returns a text that is there and says something.
pub fn maybe<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value[name].as_str().filter(|text| !text.is_empty())
}

/// Returns a number, also one in quotes.
pub fn number(value: &Value, name: &str) -> Option<u64> {
    value[name].as_u64().or_else(|| value[name].as_str()?.trim().parse().ok())
}

/// Says whether a member is true.
pub fn flag(value: &Value, name: &str) -> bool {
    value[name].as_bool().unwrap_or_default()
}

/// Returns a list; a missing one is empty.
pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Returns the texts of a list.
pub fn texts(value: &Value, name: &str) -> Vec<String> {
    let texts = list(value, name).iter().filter_map(Value::as_str);
    texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

/// Returns the name under which the person looks for an object of a list: its name and the like.
pub fn called(value: &Value, names: &[&str]) -> String {
    names.iter().find_map(|name| maybe(value, name)).unwrap_or("(no name)").to_owned()
}
