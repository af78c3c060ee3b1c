mod server;

use std::net::TcpListener;

use tempfile::TempDir;

use super::*;
use server::Server;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn fetched(source: &Source, folder: &TempDir) -> Result<FetchReport, FetchError> {
    fetch(source, folder.path(), &mut |_, _| ())
}

/// Fetches until the server cuts it off after this many bytes.
fn cut_off(server: &Server, source: &Source, folder: &TempDir, bytes: usize) {
    server.change(|manner| manner.cut_after = Some(bytes));
    let error = fetched(source, folder).unwrap_err();
    let FetchError::Interrupted { bytes: found, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(found, bytes as u64);
    assert_eq!(names(folder), ["model.bin.part", "model.bin.part.source"]);
    server.change(|manner| manner.cut_after = None);
}

fn check(server: &Server, report: &FetchReport, folder: &TempDir) {
    assert_eq!(report.path, folder.path().join("model.bin"));
    assert_eq!(report.bytes, 300_000);
    assert_eq!(report.sha256, server.sha256());
    let contents = &server.manner.lock().unwrap().contents;
    assert!(fs::read(&report.path).unwrap() == *contents);
    assert_eq!(names(folder), ["model.bin"]);
}

#[test]
fn a_file_comes_whole_and_only_once() {
    let (server, folder) = (Server::start(), folder());
    let sha256 = server.sha256();
    let source = server.source("/model.bin?key=secret", Some(&sha256));
    assert_eq!(source.name, "model.bin");
    let mut told = Vec::new();
    let report = fetch(&source, folder.path(), &mut |done, total| {
        told.push((done, total));
    });
    let report = report.unwrap();
    check(&server, &report, &folder);
    assert!(report.verified);
    assert_eq!(told.first(), Some(&(0, Some(300_000))));
    assert_eq!(told.last(), Some(&(300_000, Some(300_000))));

    let again = fetched(&source, &folder).unwrap();
    assert_eq!((again.bytes_before, again.sha256), (300_000, sha256));
    assert_eq!(server.ranges(), [""]);

    // Without a checksum, nobody knows whether it is the same.
    let unknown = server.source("/model.bin", None);
    let error = fetched(&unknown, &folder).unwrap_err();
    assert!(matches!(error, FetchError::Exists { .. }), "{error}");
}

#[test]
fn a_download_goes_on_where_it_was_cut_off() {
    let (server, folder) = (Server::start(), folder());
    let source = server.source("/model.bin", Some(&server.sha256()));
    cut_off(&server, &source, &folder, 1000);
    cut_off(&server, &source, &folder, 200_000);
    let report = fetched(&source, &folder).unwrap();
    check(&server, &report, &folder);
    assert_eq!(report.bytes_before, 200_000);
    assert_eq!(server.ranges(), ["", "bytes=1000-", "bytes=200000-"]);
    let requests = server.requests.lock().unwrap();
    assert_eq!(requests[1][1], "\"first\"");
}

#[test]
fn a_file_that_changed_begins_anew() {
    let (server, folder) = (Server::start(), folder());
    let source = server.source("/model.bin", None);
    cut_off(&server, &source, &folder, 1000);
    server.change(|manner| {
        manner.contents.reverse();
        manner.tag = "\"second\"";
    });
    let report = fetched(&source, &folder).unwrap();
    check(&server, &report, &folder);
    assert_eq!((report.bytes_before, report.verified), (0, false));
}

#[test]
fn what_cannot_be_resumed_begins_anew() {
    // The server ignores ranges.
    let (server, desk) = (Server::start(), folder());
    let source = server.source("/model.bin", None);
    server.change(|manner| manner.ranges = false);
    cut_off(&server, &source, &desk, 1000);
    let report = fetched(&source, &desk).unwrap();
    check(&server, &report, &desk);
    assert_eq!(report.bytes_before, 0);

    // Its tag promises nothing about bytes.
    let (server, desk) = (Server::start(), folder());
    let source = server.source("/model.bin", None);
    server.change(|manner| manner.tag = "W/\"weak\"");
    cut_off(&server, &source, &desk, 1000);
    check(&server, &fetched(&source, &desk).unwrap(), &desk);
    assert_eq!(server.ranges(), ["", ""]);

    // The bytes that are there came from elsewhere.
    let (server, desk) = (Server::start(), folder());
    let source = server.source("/model.bin", None);
    cut_off(&server, &source, &desk, 1000);
    let elsewhere = server.source("/moved/model.bin", None);
    check(&server, &fetched(&elsewhere, &desk).unwrap(), &desk);
    assert_eq!(server.ranges(), ["", ""]);

    // There are more bytes than the server has.
    let (server, desk) = (Server::start(), folder());
    let source = server.source("/model.bin", None);
    cut_off(&server, &source, &desk, 1000);
    let part = desk.path().join("model.bin.part");
    fs::write(part, vec![0; 300_001]).unwrap();
    check(&server, &fetched(&source, &desk).unwrap(), &desk);
    assert_eq!(server.ranges(), ["", "bytes=300001-", ""]);
}

#[test]
fn wrong_contents_are_not_kept() {
    let (server, folder) = (Server::start(), folder());
    let expected = "0".repeat(64);
    let source = server.source("/model.bin", Some(&expected));
    let error = fetched(&source, &folder).unwrap_err();
    assert!(
        matches!(&error, FetchError::Checksum { found, .. } if *found == server.sha256()),
        "{error}"
    );
    assert!(names(&folder).is_empty());
}

#[test]
fn redirects_are_followed_and_refusals_told() {
    let (server, desk) = (Server::start(), folder());
    let source = server.source("/moved/model.bin", None);
    check(&server, &fetched(&source, &desk).unwrap(), &desk);

    let absent = server.source("/absent.bin?key=secret", None);
    let error = fetched(&absent, &desk).unwrap_err();
    assert!(
        matches!(&error, FetchError::Status { status: 404, url } if !url.contains("secret")),
        "{error}"
    );

    // Nobody listens there any more.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = Source::find(&format!("http://{port}/a.bin"), None, |_| None).unwrap();
    let error = fetched(&nobody, &desk).unwrap_err();
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
}

#[test]
fn two_at_once_do_not_mix() {
    let desk = folder();
    let target = desk.path().join("model.bin");
    let first = Partial::open(&target, "http://a/model.bin").unwrap();
    let second = Partial::open(&target, "http://a/model.bin");
    assert!(matches!(second.err(), Some(FetchError::Busy { .. })));
    drop(first);
    assert!(Partial::open(&target, "http://a/model.bin").is_ok());
}

#[test]
fn names_are_looked_up_and_addresses_checked() {
    let known = |name: &str| {
        let sha256 = "A".repeat(64);
        (name == "sam").then(|| Source::new(name, "https://a.b/x/sam.pth", Some(&sha256)).unwrap())
    };
    let source = Source::find("sam", None, known).unwrap();
    assert_eq!(
        (source.name.as_str(), source.file_name().unwrap()),
        ("sam", "sam.pth")
    );
    assert_eq!(source.sha256, Some("a".repeat(64)));
    let given = "b".repeat(64);
    let source = Source::find("sam", Some(&given), known).unwrap();
    assert_eq!(source.sha256, Some(given));
    let error = Source::find("dam", None, known).unwrap_err();
    assert!(matches!(error, FetchError::Name { .. }), "{error}");
    for address in [
        "ftp://a.b/c.pt",
        "file:///etc/passwd",
        "https://a.b",
        "https://a.b/",
        "https://a.b/..",
        "https://a.b/c/.hidden",
        "https://a.b/c%2fd",
        "https://a.b/?file=c.pt",
    ] {
        let error = Source::find(address, None, known).unwrap_err();
        assert!(
            matches!(error, FetchError::Address { .. }),
            "{address}: {error}"
        );
    }
    for sha256 in ["", "a", &"g".repeat(64)] {
        let error = Source::find("https://a.b/c.pt", Some(sha256), known).unwrap_err();
        assert!(
            matches!(error, FetchError::Sha256 { .. }),
            "{sha256}: {error}"
        );
    }
}
