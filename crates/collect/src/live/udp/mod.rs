//! Syslog over UDP (RFC 5426): one datagram is one message. The sender learns nothing and waits for nothing.
//!
//! The socket is read as fast as it can be into a bounded ring for each source (`rings.rs`); what the kernel had to drop before that is read from its tables and
//! counted under the source `syslog_udp/kernel`, because it does not say whose it was.

mod kernel;
mod rings;

use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use self::kernel::KernelDrops;
use self::rings::Rings;
use super::{DropReason, Reception};

/// Name of the listener.
const NAME: &str = "syslog_udp";
/// The sender under which losses in the kernel are counted.
const KERNEL: &str = "kernel";
/// Largest datagram.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;
/// Datagrams that are read before others get their turn.
const DATAGRAMS_IN_A_ROW: usize = 256;
/// How often the kernel is asked for its drops.
const KERNEL_EVERY: Duration = Duration::from_secs(1);
/// A stopping listener takes the socket to be empty when nothing came so long,
const QUIET: Duration = Duration::from_millis(10);
/// and reads no longer than this.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// Listens until `shutdown`, then hands over what has already arrived, for at most `Limits::stop_time`.
pub async fn serve(socket: UdpSocket, reception: Reception, shutdown: CancellationToken) {
    enlarge_buffer(&socket, reception.limits.udp_receive_bytes);
    let mut kernel = KernelDrops::of(&socket);
    let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
    let mut rings = Rings::new(&reception.limits);
    let mut flush = interval(reception.limits.batch_wait.max(Duration::from_millis(1)));
    let mut ask_kernel = interval(KERNEL_EVERY);
    flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ask_kernel.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Ends with the listener.
    loop {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            _ = flush.tick(), if !rings.is_empty() => rings.flush(&reception.intake),
            _ = ask_kernel.tick() => kernel = count_kernel_drops(kernel, &reception).await,
            ready = socket.readable() => match ready {
                Ok(()) => read_some(&socket, &mut buffer, &mut rings, &reception),
                Err(error) => tracing::warn!(listener = NAME, %error, "the socket cannot be read; trying again"),
            },
        }
    }
    let until = Instant::now() + DRAIN_MAX;
    while Instant::now() < until && timeout(QUIET, socket.readable()).await.is_ok() {
        read_some(&socket, &mut buffer, &mut rings, &reception);
        rings.flush(&reception.intake);
    }
    count_kernel_drops(kernel, &reception).await;
    let until = Instant::now() + reception.limits.stop_time;
    while !rings.is_empty() && Instant::now() < until {
        rings.flush(&reception.intake);
        flush.tick().await;
    }
    rings.give_up();
}

/// Asks for a large receive buffer: beyond the system's limit where that is allowed, else up to it.
fn enlarge_buffer(socket: &UdpSocket, bytes: usize) {
    use rustix::net::sockopt::{
        set_socket_recv_buffer_size, set_socket_recv_buffer_size_force, socket_recv_buffer_size,
    };
    let set = set_socket_recv_buffer_size_force(socket, bytes).or_else(|_| set_socket_recv_buffer_size(socket, bytes));
    let got = socket_recv_buffer_size(socket).unwrap_or_default();
    if set.is_err() || got < bytes {
        tracing::warn!(
            listener = NAME,
            wanted = bytes,
            got,
            "the receive buffer is smaller than wanted; raise net.core.rmem_max"
        );
    }
}

/// Reads what is there, up to a bound.
fn read_some(socket: &UdpSocket, buffer: &mut [u8], rings: &mut Rings, reception: &Reception) {
    let now = (reception.clock)();
    for _ in 0..DATAGRAMS_IN_A_ROW {
        // An error belongs to one datagram (for example an ICMP answer to an earlier one) or says that nothing is there.
        let Ok((length, address)) = socket.try_recv_from(buffer) else { return };
        let datagram = buffer.get(..length).unwrap_or_default();
        rings.push(&reception.sources, address.ip().to_canonical(), datagram, now);
    }
}

async fn count_kernel_drops(kernel: Option<KernelDrops>, reception: &Reception) -> Option<KernelDrops> {
    let mut kernel = kernel?;
    let ask = tokio::task::spawn_blocking(move || (kernel.further(), kernel));
    let (further, kernel) = ask.await.ok()?;
    if further > 0 {
        reception.sources.source(NAME, KERNEL).counts.dropped(DropReason::Kernel, further);
        tracing::warn!(listener = NAME, datagrams = further, "the kernel dropped datagrams before they were read");
    }
    Some(kernel)
}
