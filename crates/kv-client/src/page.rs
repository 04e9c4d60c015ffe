//! A page over HTTP/1: what a server tells outside of the API, such as its metrics.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::Code;

use crate::moment::http_date;
use crate::{Client, Deadline, Error};

/// The longest page that is read.
const PAGE_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl Client {
    /// Fetches a page, such as `/metrics`, from the endpoint in use, over a connection of its own.
    ///
    /// # Errors
    ///
    /// [`Error::Status`] if there is no connection or no such page, [`Error::DeadlineExceeded`] if it takes too long.
    pub async fn page(&self, path: &str, deadline: Deadline) -> Result<String, Error> {
        Ok(self.dated_page(path, deadline).await?.0)
    }

    /// The same with the server's clock, if it tells.
    ///
    /// # Errors
    ///
    /// As [`Client::page`].
    pub async fn dated_page(&self, path: &str, deadline: Deadline) -> Result<(String, Option<SystemTime>), Error> {
        match deadline.limit(self.fetch(path)).await {
            Some(page) => page.map_err(|message| Error::Status { code: Code::Unavailable as i32, message }),
            None => Err(Error::DeadlineExceeded { failures: Vec::new() }),
        }
    }

    async fn fetch(&self, path: &str) -> Result<(String, Option<SystemTime>), String> {
        let mut dialer = self.dialer().clone();
        if let Some((config, _)) = &mut dialer.tls {
            // A server that may choose speaks HTTP/2.
            Arc::make_mut(config).alpn_protocols.clear();
        }
        let mut connection = dialer.dial().await.map_err(|error| error.to_string())?.into_inner();
        let host = dialer.endpoint.authority();
        // With this version, the page ends where the connection does.
        let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
        let broken = |error: std::io::Error| format!("GET {path}: {error}");
        connection.write_all(request.as_bytes()).await.map_err(broken)?;
        let mut answer = Vec::new();
        connection.take(PAGE_BYTES_MAX).read_to_end(&mut answer).await.map_err(broken)?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("GET {path}: no answer in HTTP/1"))?;
        let status = head.lines().next().unwrap_or_default();
        if status.split(' ').nth(1) != Some("200") {
            return Err(format!("GET {path}: {status}"));
        }
        let dates = head.lines().filter_map(|line| line.split_once(':'));
        let date = dates.filter(|(name, _)| name.eq_ignore_ascii_case("date")).find_map(|(_, date)| http_date(date));
        Ok((body.to_owned(), date))
    }
}
