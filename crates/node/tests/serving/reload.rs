//! Settings that change while the node runs, and those that cannot.

use std::path::Path;
use std::sync::Arc;

use cordon_policy::Role;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::served::{Served, settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_keeps_the_settings_in_force_and_the_answer_says_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &settings("", "")).await;
    served.write("[tell]\ngather = \"soon\"\n");
    let (status, answer) = served.reload().await;
    assert_eq!(status, 422);
    assert!(answer["detail"].as_str().unwrap().starts_with("cordon.toml:2: `tell.gather` has a value"), "{answer}");
    served.write(&settings("", "[tls]\nclient_ca = \"/nowhere/ca.pem\"\n[tell]\ngather = \"5s\"\n"));
    let (status, answer) = served.reload().await;
    assert_eq!(status, 422);
    assert!(answer["detail"].as_str().unwrap().contains("/nowhere/ca.pem"), "{answer}");
    // nothing of the file was taken over, so all of it still differs
    served.write(&settings("", "[tell]\ngather = \"5s\"\n"));
    assert_eq!(served.reload().await.1["changed"], json!(["tell.gather"]));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_needs_a_restart_is_named_every_time_and_has_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &settings("", "")).await;
    served.write(&settings("syslog_tcp = [\"127.0.0.1:1\"]", "[query]\nat_once_max = 2\n"));
    let (_, first) = served.reload().await;
    let expect = json!({"changed": ["query.at_once_max"], "needs_restart": ["intake.syslog_tcp"], "rules": 0});
    assert_eq!(first, expect);
    let (_, second) = served.reload().await;
    assert_eq!(second, json!({"changed": [], "needs_restart": ["intake.syslog_tcp"], "rules": 0}));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_up_reloads_too_and_is_audited() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &settings("", "")).await;
    served.write(&settings("", "[tell]\ngather = \"5s\"\n"));
    served.hang_up();
    let told = served
        .until(|| async {
            let audit = served.read(Role::Auditor, "/api/v1/audit?target_kind=settings").await;
            audit["items"].as_array().unwrap().first().cloned()
        })
        .await;
    assert_eq!((&told["actor"], &told["detail"]["changed"]), (&json!("node"), &json!(["tell.gather"])));
    assert_eq!(served.reload().await.1["changed"], json!([]));
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_of_the_site_are_read_at_the_start_and_again_and_a_fault_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    let file = policies.join("site.cedar");
    std::fs::write(&file, "forbid (principal, action == Action::\"ReadRules\", resource);\n").unwrap();
    let named = format!("[access]\npolicies = \"{}\"\n", policies.display());
    let served = Served::start(&folder.path().join("data"), &settings("", &named)).await;
    let rules = async || served.ask(Role::Analyst, "GET", "/api/v1/rules", &Value::Null).await.0;
    assert_eq!(rules().await, 403);
    std::fs::write(&file, "// nothing here\n\nforbid (principal, action == Action::\"ReadRule\", resource);\n")
        .unwrap();
    let (status, answer) = served.reload().await;
    let expect = format!("{}:3: ", file.display());
    assert_eq!(status, 422);
    assert!(answer["detail"].as_str().unwrap().starts_with(&expect), "{answer}");
    std::fs::write(&file, "\nforbid (principal, action, resource\n").unwrap();
    let (_, answer) = served.reload().await;
    assert!(answer["detail"].as_str().unwrap().starts_with(&format!("{}:", file.display())), "{answer}");
    assert_eq!(rules().await, 403);
    std::fs::write(&file, "").unwrap();
    assert_eq!(served.reload().await.0, 200);
    assert_eq!(rules().await, 200);
    served.stop().await;
}

/// PEM of a certificate that signs itself, and its key, written to a folder; the certificate.
fn certificate(folder: &Path) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let made = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    std::fs::write(folder.join("shown.pem"), made.pem()).unwrap();
    std::fs::write(folder.join("shown.key"), key.serialize_pem()).unwrap();
    made.der().clone()
}

async fn accepts(served: &Served, certificate: &CertificateDer<'static>) -> bool {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let socket = TcpStream::connect(served.address("syslog tls")).await.unwrap();
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), socket).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_was_renewed_is_shown_after_a_reload_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = certificate(folder.path());
    let [shown, key] = ["shown.pem", "shown.key"].map(|name| folder.path().join(name));
    let tls = format!("[tls]\ncertificate = \"{}\"\nkey = \"{}\"\n", shown.display(), key.display());
    let data = folder.path().join("data");
    let served = Served::start(&data, &settings("syslog_tls = [\"127.0.0.1:0\"]", &tls)).await;
    assert!(accepts(&served, &first).await);
    let second = certificate(folder.path());
    assert!(accepts(&served, &first).await && !accepts(&served, &second).await);
    assert_eq!(served.reload().await.0, 200);
    assert!(accepts(&served, &second).await && !accepts(&served, &first).await);
    // a key that does not belong to the certificate is refused, and the certificate stays
    std::fs::write(&key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert_eq!(served.reload().await.0, 422);
    assert!(accepts(&served, &second).await);
    served.stop().await;
}
