
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'kvutl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'kvutl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'kvutl' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Look for damage in everything a data directory holds')
            [CompletionResult]::new('compact', 'compact', [CompletionResultType]::ParameterValue, 'Give up the history before a revision')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell: bash, zsh, fish or powershell')
            [CompletionResult]::new('defrag', 'defrag', [CompletionResultType]::ParameterValue, 'Give the free space in a data directory back to the file system')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Read a key or a range of keys from a data directory')
            [CompletionResult]::new('hashkv', 'hashkv', [CompletionResultType]::ParameterValue, 'Print the hash of the key-value history')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what a data directory holds')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Print the version of kvutl')
            break
        }
        'kvutl;check' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;compact' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;completion' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;defrag' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;get' {
            [CompletionResult]::new('--rev', '--rev', [CompletionResultType]::ParameterName, 'Revision to read at [default: the newest]')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Greatest number of keys to return; 0 for all')
            [CompletionResult]::new('--order', '--order', [CompletionResultType]::ParameterName, 'Order of the results: ASCEND or DESCEND [default: ASCEND]')
            [CompletionResult]::new('--sort-by', '--sort-by', [CompletionResultType]::ParameterName, 'What results are sorted by: CREATE, KEY, MODIFY, VALUE or VERSION [default: KEY]')
            [CompletionResult]::new('--min-create-rev', '--min-create-rev', [CompletionResultType]::ParameterName, 'Leave out keys created before this revision')
            [CompletionResult]::new('--max-create-rev', '--max-create-rev', [CompletionResultType]::ParameterName, 'Leave out keys created after this revision')
            [CompletionResult]::new('--min-mod-rev', '--min-mod-rev', [CompletionResultType]::ParameterName, 'Leave out keys last changed before this revision')
            [CompletionResult]::new('--max-mod-rev', '--max-mod-rev', [CompletionResultType]::ParameterName, 'Leave out keys last changed after this revision')
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Read the keys that begin with KEY; with an empty KEY, all keys')
            [CompletionResult]::new('--from-key', '--from-key', [CompletionResultType]::ParameterName, 'Read the keys from KEY on, in byte order; with an empty KEY, all keys')
            [CompletionResult]::new('--keys-only', '--keys-only', [CompletionResultType]::ParameterName, 'Return keys without their values')
            [CompletionResult]::new('--count-only', '--count-only', [CompletionResultType]::ParameterName, 'Return only the number of keys; needs `--write-out=fields`')
            [CompletionResult]::new('--print-value-only', '--print-value-only', [CompletionResultType]::ParameterName, 'Print values without their keys; needs `--write-out=simple`')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;hashkv' {
            [CompletionResult]::new('--rev', '--rev', [CompletionResultType]::ParameterName, 'Revision to hash up to [default: the newest]')
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;status' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;version' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
