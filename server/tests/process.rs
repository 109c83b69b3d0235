//! The program as the machine sees it: a process that is told to stop, and whose log machines read.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nothing here takes longer, on machines that may have other things to do.
const PATIENCE: Duration = Duration::from_mins(1);

/// A portal on a database of its own.
struct Portal {
    process: Child,
    listens: String,
    log: Receiver<String>,
    // Whoever prints where nobody reads is in trouble.
    _said: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
}

impl Drop for Portal {
    fn drop(&mut self) {
        // That it is gone already is no harm.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Portal {
    /// Starts it, and waits until it says where it is.
    fn start(log_format: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = format!("sqlite://{}/process.db", folder.path().display());
        let mut process = Command::new(env!("CARGO_BIN_EXE_sallyport"))
            .args(["serve", "--listen", "127.0.0.1:0", "--database", &database])
            .current_dir(folder.path())
            .env("SALLYPORT_LOG_FORMAT", log_format)
            .env("SALLYPORT_LOG_LEVEL", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the portal starts");
        let (lines, log) = channel();
        let errors = BufReader::new(process.stderr.take().expect("it has a log"));
        spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                // Nobody is left to read it when the test is over.
                let _ = lines.send(line);
            }
        });
        let mut said = BufReader::new(process.stdout.take().expect("it speaks"));
        let mut first = String::new();
        said.read_line(&mut first).expect("it says where it is");
        let listens = first.trim().strip_prefix("Sallyport is at http://").unwrap_or_else(|| panic!("{first}"));
        let listens = listens.to_owned();
        Self { process, listens, log, _said: said, _folder: folder }
    }

    /// The next line of its log that holds all of these.
    fn logs(&self, what: &[&str]) -> String {
        let begun = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            let line = self.log.recv_timeout(left).unwrap_or_else(|_| panic!("{what:?} is not in its log"));
            if what.iter().all(|word| line.contains(word)) {
                return line;
            }
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.listens).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("it can be set");
        stream
    }

    /// Tells it to stop, as the machine does.
    fn terminate(&self) {
        let told = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.process.id())]).status();
        assert!(told.expect("there is a shell").success());
    }

    /// How it ended.
    fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not stop");
            sleep(Duration::from_millis(20));
        }
    }
}

/// Reads up to an empty line: the head of an answer.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("it answers");
        head.extend(byte);
    }
    String::from_utf8(head).expect("a head is text")
}

#[test]
fn whoever_is_being_answered_when_it_is_told_to_stop_gets_the_answer() {
    let mut portal = Portal::start("text");
    let mut stream = portal.connect();
    let form = "name=nobody.here&password=four+green+bicycles";
    let asks = format!(
        "POST /api/sessions/sign-in HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        portal.listens,
        form.len()
    );
    stream.write_all(asks.as_bytes()).expect("it listens");
    // From here on the request is under way: the portal has read its head and waits for the form.
    assert!(head(&mut stream).starts_with("HTTP/1.1 100 "), "it wants the form");

    portal.terminate();
    portal.logs(&["stopping: finishing what is under way"]);
    stream.write_all(form.as_bytes()).expect("it still listens to this one");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers to the end");
    assert!(answer.starts_with("HTTP/1.1 422 ") && answer.contains("do not fit together"), "{answer}");
    let status = portal.ended();
    assert!(status.success(), "{status}");
    assert!(TcpStream::connect(&portal.listens).is_err(), "nobody new is let in");
}

#[test]
fn a_line_of_the_log_names_the_request_that_its_answer_names() {
    let mut portal = Portal::start("json");
    let mut stream = portal.connect();
    let asks = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", portal.listens);
    stream.write_all(asks.as_bytes()).expect("it listens");
    let answer = head(&mut stream);
    let named = |line: &&str| line.to_ascii_lowercase().starts_with("x-request-id: ");
    let id = answer.lines().find(named).and_then(|line| line.split(": ").nth(1)).expect("it names the request").trim();

    let line = portal.logs(&[id, "answered"]);
    let line: Value = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"));
    assert_eq!(line["spans"][0]["id"], id, "{line}");
    assert_eq!((&line["message"], &line["status"]), (&Value::from("answered"), &Value::from(200)), "{line}");
    assert_eq!(
        (&line["spans"][0]["method"], &line["spans"][0]["path"]),
        (&Value::from("GET"), &Value::from("/healthz"))
    );
    portal.terminate();
    assert!(portal.ended().success());
}
