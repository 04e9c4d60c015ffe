//! How the client behaves towards servers that fail in every way.

mod breaking;
mod tls;
mod watching;
