//! Holds `api/interfaces/*.xml` to what the code introspects to; `UPDATE=1` rewrites them.

#![allow(clippy::unwrap_used)]

use std::{fs, path::PathBuf};

use countersign_api::{
    PATH, Peer, ROOT, accounts::Accounts, caller::Origin, scanner::Scanner, secrets::Secrets, vault::Vault,
};
use countersign_core::vault::{Store, VaultDirs};
use countersignd::{
    config::Config,
    paths::Paths,
    service::{Door, Service},
};
use tokio::net::UnixStream;
use zbus::{connection::Builder, fdo::IntrospectableProxy};

async fn introspect() -> String {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths {
        config: home.path().join("config.toml"),
        data: home.path().join("data"),
        state: home.path().join("state"),
        socket: home.path().join("private"),
    };
    let store = Store::take(VaultDirs { data: paths.data.clone(), state: paths.state.clone() }).unwrap();
    let backend = Door(Service::new(paths, Config::default(), store));
    let origin = Origin::Private(Peer { connection: 0, uid: 0, pid: 0 });
    let (ours, theirs) = UnixStream::pair().unwrap();
    let server = Builder::unix_stream(theirs).server(zbus::Guid::generate()).unwrap().p2p();
    let server = server.serve_at(PATH, Vault { backend: backend.clone(), origin }).unwrap();
    let server = server.serve_at(PATH, Accounts { backend: backend.clone(), origin }).unwrap();
    let server = server.serve_at(PATH, Scanner { backend: backend.clone(), origin }).unwrap();
    let server = server.serve_at(PATH, Secrets { backend, origin }).unwrap();
    let (_server, client) = tokio::try_join!(server.build(), Builder::unix_stream(ours).p2p().build()).unwrap();
    let proxy =
        IntrospectableProxy::builder(&client).path(PATH).unwrap().destination(countersign_api::BUS_NAME).unwrap();
    proxy.build().await.unwrap().introspect().await.unwrap()
}

/// Cuts one interface out of the whole.
fn interface<'a>(xml: &'a str, name: &str) -> &'a str {
    let start = xml.find(&format!("<interface name=\"{name}\">")).unwrap_or_else(|| panic!("no {name}"));
    let end = start + xml[start..].find("</interface>").unwrap() + "</interface>".len();
    &xml[start..end]
}

#[tokio::test]
async fn the_written_interfaces_are_those_of_the_code() {
    let xml = introspect().await;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("api/interfaces");
    for short in ["Vault1", "Accounts1", "Scanner1", "Secrets1"] {
        let name = format!("{ROOT}.{short}");
        let text = format!("{DOCTYPE}<node>\n  {}\n</node>\n", interface(&xml, &name));
        let parsed = zbus_xml::Node::from_reader(text.as_bytes()).expect("the XML is well-formed");
        assert_eq!(parsed.interfaces().len(), 1);
        let file = folder.join(format!("{name}.xml"));
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&file, &text).unwrap();
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == text,
            "{} is out of date: UPDATE=1 cargo test -p countersignd --test contract",
            file.display()
        );
    }
}

const DOCTYPE: &str = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n";
