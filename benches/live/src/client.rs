//! As much of an HTTP client as sending and asking needs: one connection, one request after the other.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// Longest wait for an answer.
const WAIT: Duration = Duration::from_secs(60);

pub struct Client {
    stream: TcpStream,
    host: String,
    token: Option<String>,
    buffer: Vec<u8>,
}

impl Client {
    pub fn new(address: &str, token: Option<&str>) -> Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("no connection to {address}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(WAIT))?;
        Ok(Self { stream, host: address.to_owned(), token: token.map(str::to_owned), buffer: Vec::new() })
    }

    /// Sends a request and gives status and body of the answer.
    pub fn ask(&mut self, method: &str, path: &str, media_type: &str, body: &[u8]) -> Result<(u16, String)> {
        let token = self.token.as_deref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{token}Content-Type: {media_type}\r\nContent-Length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        self.stream.write_all(head.as_bytes())?;
        self.stream.write_all(body)?;
        self.answer()
    }

    fn answer(&mut self) -> Result<(u16, String)> {
        self.buffer.clear();
        let head_end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.fill()?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).context("an answer without a status")?;
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        if field("transfer-encoding:").is_some_and(|coding| coding.contains("chunked")) {
            return Ok((status, self.chunks(head_end)?));
        }
        let length: usize = field("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
        while self.buffer.len() < head_end + length {
            self.fill()?;
        }
        Ok((status, String::from_utf8_lossy(&self.buffer[head_end..]).into_owned()))
    }

    fn chunks(&mut self, mut at: usize) -> Result<String> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(end) = self.buffer[at..].windows(2).position(|two| two == b"\r\n") {
                    break at + end;
                }
                self.fill()?;
            };
            let size = usize::from_str_radix(String::from_utf8_lossy(&self.buffer[at..line]).trim(), 16)?;
            at = line + 2;
            while self.buffer.len() < at + size + 2 {
                self.fill()?;
            }
            if size == 0 {
                return Ok(String::from_utf8_lossy(&body).into_owned());
            }
            body.extend_from_slice(&self.buffer[at..at + size]);
            at += size + 2;
        }
    }

    fn fill(&mut self) -> Result<()> {
        let mut piece = [0; 16 << 10];
        let read = self.stream.read(&mut piece)?;
        ensure!(read > 0, "the node closed the connection");
        self.buffer.extend_from_slice(&piece[..read]);
        Ok(())
    }
}
