//! The vault, from outside: what is kept, what is refused, what survives.

#![allow(missing_docs, clippy::unwrap_used)]

mod backup;
mod basics;
mod damage;
mod disk;
mod forward;
mod generations;
mod history;
mod keys;
mod world;
