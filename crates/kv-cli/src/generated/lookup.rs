//! Completion scripts that also ask the tool for names that only a server knows.
//!
//! What is asked is the line up to the cursor, and the answer is a candidate a line. The scripts that clap makes stay as they
//! are but for their entry: the shell calls one of ours, which falls back to theirs where the tool knows nothing.

use super::{Lookup, Shell};

/// Lets a script ask the tool, which is called with a word and the line.
pub(super) fn add(script: &str, shell: Shell, program: &str, lookup: Lookup<'_>) -> String {
    let word = lookup.word;
    match shell {
        Shell::Bash => bash(script, program, word),
        Shell::Zsh => zsh(script, program, word),
        Shell::Fish => fish(script, program, lookup),
        Shell::PowerShell => powershell(script, program, word),
    }
}

fn bash(script: &str, program: &str, word: &str) -> String {
    // Readline cuts words at colons and equal signs too; what stands before those is on the line already.
    format!(
        r#"{script}
_{program}_asking() {{
    _{program} "$@"
    [[ $2 == -* ]] && return
    local line=${{COMP_LINE:0:COMP_POINT}} found
    local last=${{line##*[[:space:]]}}
    mapfile -t found < <("$1" {word} "$line" 2>/dev/null)
    if ((${{#found[@]}})); then COMPREPLY=("${{found[@]#"${{last%"$2"}}"}}"); fi
}}
complete -F _{program}_asking -o bashdefault -o default {program}
"#
    )
}

fn zsh(script: &str, program: &str, word: &str) -> String {
    // Both the function and the file have this name, and the file may be the function, so ours must have it.
    let theirs = script.replacen(&format!("\n_{program}() {{\n"), &format!("\n_{program}_options() {{\n"), 1);
    let ours = format!(
        r#"
_{program}() {{
    local -a found
    if [[ $PREFIX != -* ]]; then
        found=(${{(f)"$({program} {word} "$LBUFFER" 2>/dev/null)"}})
        if (( $#found )); then
            compadd -a found
            return
        fi
    fi
    _{program}_options "$@"
}}
"#
    );
    let tail = format!("\nif [ \"$funcstack[1]\" = \"_{program}\" ]; then\n");
    theirs.replacen(&tail, &(ours + &tail), 1)
}

fn fish(script: &str, program: &str, Lookup { word, options }: Lookup<'_>) -> String {
    let ask = format!("-f -a \"({program} {word} (commandline -cp | string collect) 2>/dev/null)\"");
    // For an option's value it looks at that option's line only.
    let is_asked = |line: &str| {
        let names = options.iter().map(|option| option.trim_start_matches('-'));
        line.ends_with(" -r") && names.into_iter().any(|name| line.contains(&format!(" -l {name} ")))
    };
    let lines = script.lines().map(|line| if is_asked(line) { format!("{line} {ask}\n") } else { format!("{line}\n") });
    let script: String = lines.collect();
    format!(
        "{script}\n# Names that only the server knows.\ncomplete -c {program} -n \"not string match -q -- '-*' (commandline \
         -ct)\" {ask}\n"
    )
}

fn powershell(script: &str, program: &str, word: &str) -> String {
    let parameters = "    param($wordToComplete, $commandAst, $cursorPosition)\n";
    let ours = format!(
        r#"{parameters}
    if (-not $wordToComplete.StartsWith('-')) {{
        $line = $commandAst.ToString()
        if ($wordToComplete -eq '') {{ $line += ' ' }}
        $found = @(& {program} {word} $line 2>$null)
        if ($found.Count -gt 0) {{
            return $found | ForEach-Object {{ [CompletionResult]::new($_, $_, [CompletionResultType]::ParameterValue, $_) }}
        }}
    }}
"#
    );
    script.replacen(parameters, &ours, 1)
}
