//! Mail over SMTP (RFC 5321), with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314).

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use cordon_model::Time;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{TellError, trust};
use crate::config::{Smtp, SmtpSecurity};

/// Longest time of one step of a delivery.
const STEP_MAX: Duration = Duration::from_secs(20);
/// Longest time of a whole delivery.
const DELIVERY_MAX: Duration = Duration::from_secs(60);

/// Sends mail.
#[derive(Debug)]
pub(super) struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// With the settings of the server; reads the files they name.
    pub(super) fn new(smtp: &Smtp, ca_file: Option<&Path>) -> Result<Self, TellError> {
        let from = mailbox(&smtp.from)?;
        let tls = match smtp.security {
            SmtpSecurity::Plain => Tls::None,
            SmtpSecurity::StartTls => Tls::Required(parameters(&smtp.host, ca_file)?),
            SmtpSecurity::Tls => Tls::Wrapper(parameters(&smtp.host, ca_file)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
            .port(smtp.port)
            .tls(tls)
            .timeout(Some(STEP_MAX));
        if let Some(file) = smtp.password_file.as_deref().filter(|_| !smtp.user.is_empty()) {
            builder = builder.credentials(Credentials::new(smtp.user.clone(), trust::secret(file)?));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends one mail. The key is its Message-ID: who gets it twice can tell.
    pub(super) async fn send(
        &self,
        to: &str,
        key: &str,
        (subject, text): (String, String),
        now: Time,
    ) -> Result<(), TellError> {
        let date = UNIX_EPOCH + Duration::from_micros(u64::try_from(now.0).unwrap_or_default());
        let message = Message::builder()
            .from(self.from.clone())
            .to(mailbox(to)?)
            .subject(subject)
            .date(date)
            .message_id(Some(format!("<{key}@{}>", self.from.email.domain())))
            .header(AutoSubmitted)
            .header(header::ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| TellError::Setup(error.to_string()))?;
        match tokio::time::timeout(DELIVERY_MAX, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(said(&error)),
            Err(_) => Err(TellError::NotReached(format!("no answer within {} s", DELIVERY_MAX.as_secs()))),
        }
    }
}

/// What a server answers may name people: only its code is told.
fn said(error: &lettre::transport::smtp::Error) -> TellError {
    match error.status() {
        Some(code) => TellError::Refused(format!("the mail server answered {code}")),
        None => TellError::NotReached(format!("mail server: {error}")),
    }
}

fn mailbox(address: &str) -> Result<Mailbox, TellError> {
    let address = address.parse().map_err(|_| TellError::Setup("an address is no mail address".to_owned()))?;
    Ok(Mailbox::new(None, address))
}

fn parameters(host: &str, ca_file: Option<&Path>) -> Result<TlsParameters, TellError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_file {
        let content = |_| TellError::Content { path: path.display().to_string(), what: "certificate in PEM" };
        builder = builder.add_root_certificate(Certificate::from_pem(&trust::read(path)?).map_err(content)?);
    }
    builder.build_rustls().map_err(|error| TellError::Setup(error.to_string()))
}

/// `Auto-Submitted: auto-generated` (RFC 3834): holiday answers stay away.
#[derive(Clone, Debug)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
