//! Standard output with a buffer: where every command writes its data.

use std::fmt;
use std::io::{self, BufWriter, Write};

use crate::{CliError, Format, Render, Style, is_terminal_output, render, terminal_width};

/// Where a command's data goes, and how it is to look.
pub struct Output {
    writer: BufWriter<Box<dyn Write>>,
    /// The format asked for.
    pub format: Format,
    /// The look within the format.
    pub style: Style,
}

impl Output {
    /// Standard output. Text is escaped if a terminal reads it.
    pub fn stdout(format: Format, hex: bool) -> Output {
        let style = Style { hex, terminal: is_terminal_output(), width: terminal_width(), ..Style::default() };
        Output::to(Box::new(io::stdout()), format, style)
    }

    /// Any other place, for tests.
    pub fn to(writer: Box<dyn Write>, format: Format, style: Style) -> Output {
        Output { writer: BufWriter::new(writer), format, style }
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

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
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
