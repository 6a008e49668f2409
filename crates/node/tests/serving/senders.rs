//! Senders with certificates, against a node on real sockets: the right one, one of another authority, none.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::served::{Served, settings};

const MESSAGE: &str = "<13>1 2026-03-18T20:00:00Z host app - - - hello";
const HL7: &str = "MSH|^~\\&|A|B|C|D|20260318200000||ADT^A01|1|P|2.5\rPID|1\r";

/// An authority, and certificates of senders that it has signed.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// PEM of a certificate and of its key.
    fn sender(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}

/// A sender that trusts the node's own certificate and shows what it has.
fn connector(folder: &Path, shown: Option<&(String, String)>) -> TlsConnector {
    let own = std::fs::read(folder.join("node.crt.pem")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&own).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match shown {
        Some((certificate, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    };
    TlsConnector::from(Arc::new(config))
}

/// Sends bytes and reads until the answer holds `expect` or the connection ends; what was answered.
async fn say(with: &TlsConnector, to: SocketAddr, bytes: &[u8], expect: &str) -> std::io::Result<String> {
    let socket = TcpStream::connect(to).await?;
    let mut sender = with.connect(ServerName::try_from("localhost").unwrap(), socket).await?;
    sender.write_all(bytes).await?;
    let (mut answer, mut part) = (Vec::new(), [0; 1024]);
    while !expect.is_empty() && !String::from_utf8_lossy(&answer).contains(expect) {
        match sender.read(&mut part).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => answer.extend_from_slice(&part[..read]),
        }
    }
    sender.shutdown().await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn relp() -> Vec<u8> {
    let open = "relp_version=0\ncommands=syslog";
    format!("1 open {} {open}\n2 syslog {} {MESSAGE}\n", open.len(), MESSAGE.len()).into_bytes()
}

fn http(token: Option<&str>) -> Vec<u8> {
    let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
    let body = "{\"a\":1}\n";
    format!("POST /intake/v1/raw HTTP/1.1\r\nhost: localhost\r\n{token}content-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn settings_with(authority: &Path) -> String {
    settings(
        "http = [\"0.0.0.0:0\"]\nsyslog_tls = [\"127.0.0.1:0\"]\nrelp_tls = [\"127.0.0.1:0\"]\nmllp_tls = [\"127.0.0.1:0\"]",
        &format!("[tls]\nclient_ca = \"{}\"\n", authority.display()),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_a_certificate_of_the_authority_is_heard_under_its_name_and_nobody_else_is() {
    let (folder, authority, stranger) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.0.pem()).unwrap();
    let served = Served::start(folder.path(), &settings_with(&file)).await;
    let known = authority.sender("PACS-01.lakeside.example");
    let others = [None, Some(stranger.sender("pacs-01.lakeside.example"))];
    let block = format!("\x0b{HL7}\x1c\r").into_bytes();
    let syslog = format!("{} {MESSAGE}", MESSAGE.len()).into_bytes();
    let streams =
        [("syslog tls", syslog, ""), ("relp over tls", relp(), "200 OK\n"), ("mllp over tls", block, "MSA|AA|1")];
    for (listener, bytes, expect) in &streams {
        let to = served.address(listener);
        for other in &others {
            let refused = say(&connector(folder.path(), other.as_ref()), to, bytes, "anything").await;
            assert!(refused.is_err(), "{listener}: {refused:?}");
        }
        let answer = say(&connector(folder.path(), Some(&known)), to, bytes, expect).await.unwrap();
        assert!(answer.contains(expect), "{listener}: {answer}");
    }
    let heard: BTreeMap<String, u64> =
        served.until(|| async { Some(served.sources().await).filter(|heard| heard.values().sum::<u64>() == 3) }).await;
    let of = |listener: &str| (format!("{listener}/pacs-01.lakeside.example"), 1);
    assert_eq!(heard, ["mllp", "relp", "syslog_tls"].map(of).into());
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_a_certificate_stands_for_a_token_and_without_one_a_token_is_needed() {
    let (folder, authority, stranger) = (tempfile::tempdir().unwrap(), Authority::new(), Authority::new());
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.0.pem()).unwrap();
    let served = Served::start(folder.path(), &settings_with(&file)).await;
    let token = served.sender_token("ehr").await;
    let to = served.address("http intake");
    let (plain, known) = (connector(folder.path(), None), connector(folder.path(), Some(&authority.sender("ris-01"))));
    let answer = say(&known, to, &http(None), "\r\n\r\n").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(say(&plain, to, &http(None), "\r\n\r\n").await.unwrap().starts_with("HTTP/1.1 401"));
    assert!(say(&known, to, &http(Some("revoked")), "\r\n\r\n").await.unwrap().starts_with("HTTP/1.1 40"));
    let strange = connector(folder.path(), Some(&stranger.sender("ris-01")));
    assert!(say(&strange, to, &http(None), "\r\n\r\n").await.is_err());
    // the token was made while the node ran: it is known within seconds
    served
        .until(|| async {
            let answer = say(&plain, to, &http(Some(&token)), "\r\n\r\n").await.unwrap();
            answer.starts_with("HTTP/1.1 200").then_some(())
        })
        .await;
    assert_eq!(served.sources().await, [("http/ehr".to_owned(), 1), ("http/ris-01".to_owned(), 1)].into());
    served.stop().await;
}

/// Whether `openssl s_client` gets an answer to a message of HL7.
fn openssl(folder: &Path, to: SocketAddr, more: &[&str]) -> bool {
    let own = folder.join("node.crt.pem").display().to_string();
    let to = to.to_string();
    let mut client = Command::new("openssl")
        .args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-connect",
            &to,
            "-servername",
            "localhost",
            "-CAfile",
            &own,
        ])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (client.stdin.take().unwrap(), client.stdout.take().unwrap());
    // one that is refused may be gone already
    let _gone = input.write_all(format!("\x0b{HL7}\x1c\r").as_bytes());
    let (mut answer, mut part) = (Vec::new(), [0; 1024]);
    let is_answered = loop {
        match output.read(&mut part) {
            Ok(0) | Err(_) => break false,
            Ok(read) => answer.extend_from_slice(&part[..read]),
        }
        if String::from_utf8_lossy(&answer).contains("MSA|AA|1") {
            break true;
        }
    };
    client.kill().unwrap();
    client.wait().unwrap();
    is_answered
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_as_a_sender_is_answered_with_its_certificate_and_not_without() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, authority.0.pem()).unwrap();
    let served = Served::start(folder.path(), &settings_with(&file)).await;
    let (certificate, key) = authority.sender("engine.lakeside.example");
    let [shown, secret] = ["sender.pem", "sender.key"].map(|name| folder.path().join(name));
    std::fs::write(&shown, certificate).unwrap();
    std::fs::write(&secret, key).unwrap();
    let (to, path) = (served.address("mllp over tls"), folder.path().to_owned());
    let answers = tokio::task::spawn_blocking(move || {
        let (shown, secret) = (shown.display().to_string(), secret.display().to_string());
        let with = ["-cert", &shown, "-key", &secret];
        ["-tls1_2", "-tls1_3"]
            .map(|version| (openssl(&path, to, &[&with[..], &[version]].concat()), openssl(&path, to, &[version])))
    });
    assert_eq!(answers.await.unwrap(), [(true, false), (true, false)]);
    assert_eq!(served.sources().await, [("mllp/engine.lakeside.example".to_owned(), 2)].into());
    served.stop().await;
}
