//! The interface as its users meet it: a router over a node that a test plays, and real sockets where sockets matter.

mod played;
mod shell;
