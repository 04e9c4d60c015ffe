//! What a command that does not exist was perhaps meant to be.

use clap::Command;

/// Returns the commands that were perhaps meant: those that begin like the word or are at most two edits away.
pub(super) fn suggestions<'t>(parent: &'t Command, typed: &str) -> Vec<&'t str> {
    let typed = typed.to_lowercase();
    let names = parent.get_subcommands().filter(|command| !command.is_hide_set()).map(Command::get_name);
    names.filter(|name| name.starts_with(&typed) || edit_distance(name, &typed) <= 2).collect()
}

fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, character) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, &other) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(character != other);
            diagonal = row[column + 1];
            row[column + 1] = substituted.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_or_two_edits() {
        let parent = ["get", "del", "endpoint", "elect", "watch"]
            .into_iter()
            .fold(Command::new("kvctl"), |parent, name| parent.subcommand(Command::new(name)));
        assert_eq!(suggestions(&parent, "e"), ["get", "del", "endpoint", "elect"]);
        assert_eq!(suggestions(&parent, "Gett"), ["get"]);
        assert_eq!(suggestions(&parent, "wtch"), ["watch"]);
        assert!(suggestions(&parent, "snapshot").is_empty());
    }
}
