//! Standard output with a buffer: where every command writes its data.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd as _;

use crate::{CliError, Format, Render, Style, is_terminal_output, render, terminal_width};

/// What is gathered before it is written. Larger writes cost no less for each byte.
const BUFFER_BYTES: usize = 64 * 1024;

/// Where a command's data goes, and how it is to look.
pub struct Output {
    writer: BufWriter<Box<dyn Write + Send>>,
    /// The format asked for.
    pub format: Format,
    /// The look within the format.
    pub style: Style,
}

impl Output {
    /// Standard output. Text is escaped if a terminal reads it.
    pub fn stdout(format: Format, hex: bool) -> Output {
        let style = Style { hex, terminal: is_terminal_output(), width: terminal_width(), ..Style::default() };
        Output::to(unbuffered_stdout(), format, style)
    }

    /// Any other place, for tests.
    pub fn to(writer: Box<dyn Write + Send>, format: Format, style: Style) -> Output {
        Output { writer: BufWriter::with_capacity(BUFFER_BYTES, writer), format, style }
    }

    /// Prints a whole answer.
    ///
    /// # Errors
    ///
    /// Fails with status 4 where the answer has no such format, and quietly where nobody reads any more.
    pub fn print(&mut self, answer: &dyn Render) -> Result<(), CliError> {
        render(answer, self.format, self.style, &mut self.writer)?;
        Ok(self.writer.flush()?)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Returns standard output as it is. The library's own has a small buffer and looks for the ends of lines, which makes nine
/// writes of what could be one.
pub fn unbuffered_stdout() -> Box<dyn Write + Send> {
    let stdout = io::stdout();
    match stdout.as_fd().try_clone_to_owned() {
        Ok(own) => Box::new(File::from(own)),
        // Without a descriptor left, what is there will do.
        Err(_) => Box::new(stdout),
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Output")
            .field("format", &self.format)
            .field("style", &self.style)
            .finish_non_exhaustive()
    }
}
