//! Models that leave for other engines and that come from elsewhere, from the command line.
#![allow(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;

use serde_json::Value;

/// SHA-256 of `a model`.
const SHA256: &str = "97ff8a35544dcf40ad84047074439dd6aa3a0be469ea578a1b1c017d939ec61c";

fn fixate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fixate"))
        .args(arguments)
        .current_dir(folder)
        .env("FIXATE_MODELS", folder.join("models"))
        // Addresses of this machine need no proxy.
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .unwrap()
}

fn report(folder: &Path, arguments: &[&str]) -> Value {
    let output = fixate(folder, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Fails with one line, which has these words.
fn refused(folder: &Path, arguments: &[&str], words: &str) {
    let output = fixate(folder, arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains(words), "{told}");
}

/// A server that answers so many requests with the same bytes; its address.
fn server(contents: &'static [u8], requests: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().take(requests) {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let _ = lines.map_while(Result::ok).find(String::is_empty);
            let length = contents.len();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(contents).unwrap();
        }
    });
    format!("http://{address}")
}

#[test]
fn the_shipped_model_is_exported_and_nothing_foreign_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let all = report(folder, &["model", "export", "-o", "onnx"]);
    assert_eq!(all["input_size"], all["coordinate_size"]);
    let files = all["files"].as_array().unwrap();
    let names = ["encoder.onnx", "encoder.weights", "decoder.onnx"];
    assert_eq!(files.len(), names.len());
    for (file, name) in files.iter().zip(names) {
        assert_eq!(file["file"], name);
        let bytes = fs::metadata(folder.join("onnx").join(name)).unwrap().len();
        assert_eq!(file["bytes"], bytes);
    }
    // Again over the first, by name, with another decoder.
    let export = ["model", "export", "default", "-o", "onnx"];
    let single = report(folder, &[&export[..], &["--return-single-mask"]].concat());
    for part in 0..2 {
        assert_eq!(single["files"][part], all["files"][part]);
    }
    assert_ne!(single["files"][2]["sha256"], all["files"][2]["sha256"]);

    fs::write(folder.join("onnx/notes.txt"), "mine").unwrap();
    refused(folder, &export, "notes.txt would be lost");
    refused(
        folder,
        &["model", "export", "absent", "-o", "other"],
        "absent",
    );
    assert!(!folder.join("other").exists());
    assert_eq!(fixate(folder, &["model", "export"]).status.code(), Some(2));
}

#[test]
fn files_are_fetched_into_the_folder_for_models() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let address = format!("{}/sam.pth", server(b"a model", 3));
    let fetched = report(folder, &["model", "fetch", &address]);
    let path = folder.join("models").join("sam.pth");
    assert_eq!(fetched["file"], path.display().to_string());
    assert_eq!(
        (&fetched["bytes"], &fetched["verified"]),
        (&7.into(), &false.into())
    );
    assert_eq!(fetched["sha256"], SHA256);
    assert_eq!(fs::read(&path).unwrap(), b"a model");
    // It is there, and known to be right.
    let again = ["model", "fetch", &address, "--sha256", SHA256];
    assert_eq!(report(folder, &again)["bytes_before"], 7);

    let other = ["model", "fetch", &address, "-o", "other", "--sha256"];
    let checked = report(folder, &[&other[..], &[SHA256]].concat());
    assert_eq!(checked["verified"], true);
    let wrong = "0".repeat(64);
    fs::remove_dir_all(folder.join("other")).unwrap();
    refused(folder, &[&other[..], &[&wrong]].concat(), &wrong);
    assert!(fs::read_dir(folder.join("other")).unwrap().next().is_none());
}

#[test]
fn what_cannot_be_fetched_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // Nobody listens there any more.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let nobody = format!("http://{port}/sam.pth");
    refused(folder, &["model", "fetch", &nobody], "check the network");
    let unresolved = "https://models.invalid/sam.pth";
    refused(folder, &["model", "fetch", unresolved], "check the network");
    refused(
        folder,
        &["model", "fetch", "no-such-model"],
        "no-such-model",
    );
    let sha256 = ["model", "fetch", &nobody, "--sha256", "12"];
    refused(folder, &sha256, "64 hexadecimal digits");
    assert_eq!(fixate(folder, &["model", "fetch"]).status.code(), Some(2));
}
