//! What a scanned QR is, on samples of our own: each class, each vendor, each shape.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use countersign_core::payload::{Payload, activation::TABLE, classify};
use serde_json::Value;

fn samples() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("data/payloads.json")).unwrap();
    file["payloads"].as_array().unwrap().clone()
}

#[test]
fn every_sample_gets_its_class_vendor_and_advice() {
    for sample in samples() {
        let text = sample["text"].as_str().unwrap();
        let payload = classify(text);
        assert_eq!(payload.class(), sample["class"], "{text}");
        let (vendor, advice) = match &payload {
            Payload::Vendor(activation) => (Some(activation.vendor), Some(activation.advice().vendor)),
            _ => (None, None),
        };
        assert_eq!(vendor, sample["vendor"].as_str(), "{text}");
        assert_eq!(advice, sample["advice"].as_str(), "{text}");
    }
}

#[test]
fn only_accounts_can_be_kept() {
    let kept = ["otpauth", "migration", "steam", "motp", "yandex", "bare-secret"];
    for sample in samples() {
        let payload = classify(sample["text"].as_str().unwrap());
        assert_eq!(payload.can_be_kept(), kept.contains(&payload.class()), "{}", sample["text"]);
        assert!(!payload.what().is_empty());
    }
}

#[test]
fn no_class_and_no_row_of_the_table_is_without_a_sample() {
    let seen = |key: &str| -> BTreeSet<String> {
        samples().iter().filter_map(|sample| sample[key].as_str().map(str::to_owned)).collect()
    };
    let classes = seen("class");
    for class in [
        "otpauth",
        "migration",
        "steam",
        "motp",
        "yandex",
        "bare-secret",
        "two-step-otpauth",
        "one-time-activation",
        "vendor-seed",
        "vendor-login",
        "passkey",
        "wifi",
        "url",
        "other",
    ] {
        assert!(classes.contains(class), "no sample is {class}");
    }
    let rows = seen("advice");
    for row in TABLE {
        assert!(rows.contains(row.vendor), "no sample gets the advice of {}", row.vendor);
    }
}

#[test]
fn nothing_secret_of_a_qr_is_ever_shown() {
    for sample in samples() {
        let text = sample["text"].as_str().unwrap();
        let payload = classify(text);
        let shown = format!("{payload:?} {}", payload.what()).to_lowercase();
        // What a person reads of an account is no secret: there is none in these samples' names.
        assert!(!shown.contains("hush"), "{text} shows as {shown}");
    }
}
