
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
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Look for damage in everything a data directory holds')
            [CompletionResult]::new('compact', 'compact', [CompletionResultType]::ParameterValue, 'Give up the history before a revision')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print the completion script for a shell: bash, zsh, fish or powershell')
            [CompletionResult]::new('defrag', 'defrag', [CompletionResultType]::ParameterValue, 'Give the free space in a data directory back to the file system')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find out what is wrong with a data directory and its disk, or soon will be')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Read a key or a range of keys from a data directory')
            [CompletionResult]::new('hashkv', 'hashkv', [CompletionResultType]::ParameterValue, 'Print the hash of the key-value history')
            [CompletionResult]::new('migrate', 'migrate', [CompletionResultType]::ParameterValue, 'Say whether a data directory is of a version')
            [CompletionResult]::new('rescue', 'rescue', [CompletionResultType]::ParameterValue, 'Bring what can be read of a damaged directory into a new one')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Save, look at, verify and restore snapshots')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what a data directory holds')
            [CompletionResult]::new('version', 'version', [CompletionResultType]::ParameterValue, 'Print the version of kvutl')
            break
        }
        'kvutl;check' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;compact' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;completion' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;defrag' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;doctor' {
            [CompletionResult]::new('--quota-backend-bytes', '--quota-backend-bytes', [CompletionResultType]::ParameterName, 'The quota that the server has')
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--junit', '--junit', [CompletionResultType]::ParameterName, 'Print a report in XML as `JUnit` writes it')
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
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Read the keys that begin with KEY; with an empty KEY, all keys')
            [CompletionResult]::new('--from-key', '--from-key', [CompletionResultType]::ParameterName, 'Read the keys from KEY on, in byte order; with an empty KEY, all keys')
            [CompletionResult]::new('--keys-only', '--keys-only', [CompletionResultType]::ParameterName, 'Return keys without their values')
            [CompletionResult]::new('--count-only', '--count-only', [CompletionResultType]::ParameterName, 'Return only the number of keys; needs `--write-out=fields`, `jsonl` or `table`')
            [CompletionResult]::new('--print-value-only', '--print-value-only', [CompletionResultType]::ParameterName, 'Print values without their keys; needs `--write-out=simple`')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;hashkv' {
            [CompletionResult]::new('--rev', '--rev', [CompletionResultType]::ParameterName, 'Revision to hash up to [default: the newest]')
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;migrate' {
            [CompletionResult]::new('--target-version', '--target-version', [CompletionResultType]::ParameterName, 'Release of etcd to be ready for, such as 3.7')
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Accepted for the sake of etcdutl; what has no meaning cannot be forced')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;rescue' {
            [CompletionResult]::new('--to', '--to', [CompletionResultType]::ParameterName, 'Directory to bring everything into, which must be new or empty')
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Go on where something is missing')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Go on where something is missing')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;snapshot' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('save', 'save', [CompletionResultType]::ParameterValue, 'Take a snapshot of a data directory')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show what a snapshot holds')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Find out whether a snapshot can be relied on')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Make a data directory of a snapshot')
            break
        }
        'kvutl;snapshot;save' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--zstd', '--zstd', [CompletionResultType]::ParameterName, 'Compress the file as zstd does')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;snapshot;status' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;snapshot;verify' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;snapshot;restore' {
            [CompletionResult]::new('--wal-dir', '--wal-dir', [CompletionResultType]::ParameterName, 'Directory for the log; kvd has it inside the data directory, so it is only checked that there is none')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Name of the member')
            [CompletionResult]::new('--initial-cluster', '--initial-cluster', [CompletionResultType]::ParameterName, 'Members of the new cluster, as NAME=URL; this release runs one [default: this member]')
            [CompletionResult]::new('--initial-cluster-token', '--initial-cluster-token', [CompletionResultType]::ParameterName, 'Name of the new cluster, from which ids are computed')
            [CompletionResult]::new('--initial-advertise-peer-urls', '--initial-advertise-peer-urls', [CompletionResultType]::ParameterName, 'Where other members would reach this one')
            [CompletionResult]::new('--initial-memory-map-size', '--initial-memory-map-size', [CompletionResultType]::ParameterName, 'Ignored: the store file grows as it needs to')
            [CompletionResult]::new('--bump-revision', '--bump-revision', [CompletionResultType]::ParameterName, 'How far to move revisions forward [default: 1000000000]')
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--skip-hash-check', '--skip-hash-check', [CompletionResultType]::ParameterName, 'Accept a snapshot whose digest is missing or wrong')
            [CompletionResult]::new('--mark-compacted', '--mark-compacted', [CompletionResultType]::ParameterName, 'Mark what is before as compacted; given with --bump-revision as in etcdutl, and the default here')
            [CompletionResult]::new('--keep-revision', '--keep-revision', [CompletionResultType]::ParameterName, 'Leave revisions as they are in the snapshot')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;status' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'kvutl;version' {
            [CompletionResult]::new('--data-dir', '--data-dir', [CompletionResultType]::ParameterName, 'Data directory to work on [default: default.kvd]')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--write-out', '--write-out', [CompletionResultType]::ParameterName, 'Output format: fields, json, jsonl, protobuf, simple or table')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait while another process uses the directory; 0 to wait without limit')
            [CompletionResult]::new('--hex', '--hex', [CompletionResultType]::ParameterName, 'Print keys and values as hexadecimal escapes')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
    })

    $completions | Where-Object { $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
