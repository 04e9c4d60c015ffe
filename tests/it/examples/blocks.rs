//! Finds the commands among a help's examples.

/// Examples that belong together: one is typed after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// What is typed; several lines where the shell goes on reading.
    pub(crate) commands: Vec<String>,
}

/// What stands before a command in the help of kvctl and kvutl.
const PROMPT: &str = "    $ ";
/// What stands before the other lines.
const MARGIN: &str = "    ";

/// Reads the examples of a command of kvctl or kvutl: paragraphs of a description, commands, and what these print.
pub(crate) fn blocks(examples: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut begins = true;
    let mut open: Option<&str> = None;
    for line in examples.lines() {
        let inner = line.strip_prefix(MARGIN).unwrap_or(line);
        if let Some(end) = open {
            let command = last(&mut blocks);
            command.push('\n');
            command.push_str(inner);
            if inner == end || (end.is_empty() && !inner.ends_with('\\')) {
                open = None;
            }
        } else if let Some(command) = line.strip_prefix(PROMPT) {
            if begins {
                blocks.push(Block { commands: Vec::new() });
            }
            begins = false;
            blocks.last_mut().expect("pushed").commands.push(command.to_owned());
            open = match command.split_once("<<'") {
                Some((_, rest)) => rest.split('\'').next(),
                None if command.ends_with('\\') => Some(""),
                None => None,
            };
        } else if !line.starts_with(MARGIN) {
            begins = true;
        }
    }
    blocks
}

fn last(blocks: &mut [Block]) -> &mut String {
    blocks.last_mut().and_then(|block| block.commands.last_mut()).expect("a command goes on")
}

/// Reads the examples of kvd, whose help has the command before its description, which stands further in.
pub(crate) fn blocks_of_kvd(help: &str) -> Vec<Block> {
    let (_, examples) = help.split_once("\nExamples:\n").expect("kvd has examples");
    let mut blocks: Vec<Block> = Vec::new();
    let mut goes_on = false;
    for line in examples.lines() {
        if goes_on {
            let command = last(&mut blocks);
            command.push('\n');
            command.push_str(line.trim_start());
        } else if !line.starts_with("      ") {
            blocks.push(Block { commands: vec![line.trim_start().to_owned()] });
        } else {
            continue;
        }
        goes_on = line.ends_with('\\');
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_blocks_and_what_the_shell_reads_stays_together() {
        let text = "Examples:\n  One:\n    $ a 1\n    printed\n    $ b \\\n        --x\n\n  Two:\n    $ c <<'END'\n    x\n\n    END\n    $ d\n";
        let found: Vec<_> = blocks(text).into_iter().map(|block| block.commands).collect();
        assert_eq!(found, [vec!["a 1", "b \\\n    --x"], vec!["c <<'END'\nx\n\nEND", "d"]]);
        let found = blocks_of_kvd("\nExamples:\n  kvd\n      Serves.\n  kvd --a \\\n      --b\n      Both.\n");
        let found: Vec<_> = found.into_iter().map(|block| block.commands).collect();
        assert_eq!(found, [vec!["kvd"], vec!["kvd --a \\\n--b"]]);
    }
}
