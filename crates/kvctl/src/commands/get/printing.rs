//! Printing one page of an answer while the next one is on its way.

use kv_cli::{CliError, Output, RangePrinter};
use kv_proto::etcdserverpb::RangeResponse;

/// Prints a page on a thread of its own, so that whoever reads the output may take his time: the connection is looked after
/// meanwhile, and what is fetched comes. Where the page cannot be printed, nothing more is fetched.
pub(super) async fn print_while<T>(
    mut printer: RangePrinter<Output>,
    page: RangeResponse,
    fetch: impl Future<Output = T>,
) -> Result<(RangePrinter<Output>, T), CliError> {
    let print = tokio::task::spawn_blocking(move || printer.page(&page).map(|()| printer));
    let printed = async { Ok(print.await.expect("printing does not panic")?) };
    tokio::try_join!(printed, async { Ok(fetch.await) })
}

#[cfg(test)]
mod tests {
    use std::future;
    use std::io::{self, Write};

    use kv_cli::{Format, Style};
    use kv_proto::mvccpb::KeyValue;
    use tokio::sync::oneshot;

    use super::*;

    /// Says that it is written to, and takes the bytes only once it is told to.
    struct Gate {
        begun: Option<oneshot::Sender<()>>,
        opened: Option<oneshot::Receiver<()>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if let (Some(begun), Some(opened)) = (self.begun.take(), self.opened.take()) {
                begun.send(()).expect("the test waits");
                opened.blocking_recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A page that fills every buffer, so that printing it waits for the gate.
    fn printing() -> (RangePrinter<Output>, RangeResponse, oneshot::Receiver<()>, oneshot::Sender<()>) {
        let (begin, begun) = oneshot::channel();
        let (open, opened) = oneshot::channel();
        let gate = Gate { begun: Some(begin), opened: Some(opened) };
        let output = Output::to(Box::new(gate), Format::Simple, Style::default());
        let kv = KeyValue { value: vec![b'x'; 1024 * 1024].into(), ..KeyValue::default() };
        let page = RangeResponse { kvs: vec![kv], ..RangeResponse::default() };
        (RangePrinter::new(output, Format::Simple, Style::default()), page, begun, open)
    }

    /// The next page can only come after this one has begun to be printed and before it is done.
    #[tokio::test]
    async fn the_next_page_comes_while_this_one_is_printed() {
        let (printer, page, begun, open) = printing();
        let fetch = async move {
            begun.await.expect("printing begins");
            open.send(()).expect("printing waits");
            7
        };
        let (_, fetched) = print_while(printer, page, fetch).await.unwrap();
        assert_eq!(fetched, 7);
    }

    #[tokio::test]
    async fn nothing_is_waited_for_where_nobody_reads() {
        let (printer, page, _begun, open) = printing();
        drop(open);
        assert!(print_while(printer, page, future::pending::<()>()).await.is_err());
    }
}
