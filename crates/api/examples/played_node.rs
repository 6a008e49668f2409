//! A node that is played, on a real socket, for schemathesis: `played_node FOLDER` prints its address and a token and serves until it is killed.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    dead_code,
    reason = "it serves a test and shares its helpers"
)]

#[path = "../tests/api/played.rs"]
mod played;

use cordon_api::{ServeLimits, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() {
    let played = played::Played::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("address http://{}", listener.local_addr().unwrap());
    let administrator = played.administrator().await;
    let roles = ["administrator", "analyst", "auditor", "privacy_officer", "responder"];
    // what is revoked by guessing small numbers must not be the token that asks
    for _ in 0..40 {
        let _guessed = played.token(&administrator, &["auditor"], None).await;
    }
    println!("token {}", played.token(&administrator, &roles, None).await);
    serve(listener, None, played.router.clone(), ServeLimits::default(), CancellationToken::new()).await.unwrap();
}
