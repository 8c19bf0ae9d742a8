//! A name server on loopback (RFC 1035): SRV and TXT records of its own, and no others.

use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};

const SRV: u16 = 33;
const TXT: u16 = 16;

/// A running name server; its thread ends with the test process.
pub struct Dns {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// A record: its name, type and data.
#[derive(Debug, Clone)]
pub struct Record(String, u16, Vec<u8>);

/// A server of a service; `.` = there is none.
pub fn srv(name: &str, priority: u16, port: u16, target: &str) -> Record {
    let numbers = [priority, 0, port].map(u16::to_be_bytes).concat();
    Record(name.to_owned(), SRV, [numbers, labels(target)].concat())
}

/// A text.
pub fn txt(name: &str, text: &str) -> Record {
    let length = u8::try_from(text.len()).unwrap();
    Record(name.to_owned(), TXT, [&[length], text.as_bytes()].concat())
}

impl Dns {
    /// Answers with these records.
    pub fn start(records: Vec<Record>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let Some((name, kind, end)) = question(&buffer[..length]) else { continue };
                log.lock().unwrap().push(name.clone());
                let fits = |r: &&Record| r.0.eq_ignore_ascii_case(&name) && r.1 == kind;
                let found: Vec<&Record> = records.iter().filter(fits).collect();
                let _ = socket.send_to(&answer(&buffer[..end], &found), from);
            }
        });
        Self { address, asked }
    }

    /// Names asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn labels(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}

/// Name, type and end of the one question.
fn question(message: &[u8]) -> Option<(String, u16, usize)> {
    let (mut at, mut labels) = (12, Vec::new());
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(message.get(at..at + length)?).into_owned());
        at += length;
    }
    let kind = u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]);
    Some((labels.join("."), kind, at + 4))
}

fn answer(question: &[u8], records: &[&Record]) -> Vec<u8> {
    // Response, recursion desired and available; an unknown name is an error of its own.
    let flags: u16 = if records.is_empty() { 0x8183 } else { 0x8180 };
    let count = u16::try_from(records.len()).unwrap();
    let mut out = question.to_vec();
    out[2..4].copy_from_slice(&flags.to_be_bytes());
    out[6..8].copy_from_slice(&count.to_be_bytes());
    out[8..12].fill(0);
    for Record(_, kind, data) in records {
        // The name of the question, this type, IN, for a minute.
        out.extend([0xc0, 12]);
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend(data);
    }
    out
}
