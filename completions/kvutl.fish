# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kvutl_global_optspecs
    string join \n data-dir= w/write-out= hex timeout= h/help
end

function __fish_kvutl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kvutl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kvutl_using_subcommand
    set -l cmd (__fish_kvutl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kvutl -n "__fish_kvutl_needs_command" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_needs_command" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_needs_command" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_needs_command" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "check" -d 'Look for damage in everything a data directory holds'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "compact" -d 'Give up the history before a revision'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "completion" -d 'Print the completion script for a shell: bash, zsh, fish or powershell'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "defrag" -d 'Give the free space in a data directory back to the file system'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "doctor" -d 'Find out what is wrong with a data directory and its disk, or soon will be'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "get" -d 'Read a key or a range of keys from a data directory'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "hashkv" -d 'Print the hash of the key-value history'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "migrate" -d 'Say whether a data directory is of a version'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "rescue" -d 'Bring what can be read of a damaged directory into a new one'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "snapshot" -d 'Save, look at, verify and restore snapshots'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "status" -d 'Show what a data directory holds'
complete -c kvutl -n "__fish_kvutl_needs_command" -f -a "version" -d 'Print the version of kvutl'
complete -c kvutl -n "__fish_kvutl_using_subcommand check" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand check" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand check" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand check" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand compact" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand compact" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand compact" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand compact" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand compact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand completion" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand completion" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand completion" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand completion" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand defrag" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand defrag" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand defrag" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand defrag" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand defrag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand doctor" -l quota-backend-bytes -d 'The quota that the server has' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand doctor" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand doctor" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand doctor" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand doctor" -l junit -d 'Print a report in XML as `JUnit` writes it'
complete -c kvutl -n "__fish_kvutl_using_subcommand doctor" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l rev -d 'Revision to read at [default: the newest]' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l limit -d 'Greatest number of keys to return; 0 for all' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l order -d 'Order of the results: ASCEND or DESCEND [default: ASCEND]' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l sort-by -d 'What results are sorted by: CREATE, KEY, MODIFY, VALUE or VERSION [default: KEY]' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l min-create-rev -d 'Leave out keys created before this revision' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l max-create-rev -d 'Leave out keys created after this revision' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l min-mod-rev -d 'Leave out keys last changed before this revision' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l max-mod-rev -d 'Leave out keys last changed after this revision' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l prefix -d 'Read the keys that begin with KEY; with an empty KEY, all keys'
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l from-key -d 'Read the keys from KEY on, in byte order; with an empty KEY, all keys'
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l keys-only -d 'Return keys without their values'
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l count-only -d 'Return only the number of keys; needs `--write-out=fields`, `jsonl` or `table`'
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l print-value-only -d 'Print values without their keys; needs `--write-out=simple`'
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand hashkv" -l rev -d 'Revision to hash up to [default: the newest]' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand hashkv" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand hashkv" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand hashkv" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand hashkv" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand hashkv" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand migrate" -l target-version -d 'Release of etcd to be ready for, such as 3.7' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand migrate" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand migrate" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand migrate" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand migrate" -l force -d 'Accepted for the sake of etcdutl; what has no meaning cannot be forced'
complete -c kvutl -n "__fish_kvutl_using_subcommand migrate" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand migrate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand rescue" -l to -d 'Directory to bring everything into, which must be new or empty' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand rescue" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand rescue" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand rescue" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand rescue" -s y -l yes -d 'Go on where something is missing'
complete -c kvutl -n "__fish_kvutl_using_subcommand rescue" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand rescue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and not __fish_seen_subcommand_from save status verify restore" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and not __fish_seen_subcommand_from save status verify restore" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and not __fish_seen_subcommand_from save status verify restore" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and not __fish_seen_subcommand_from save status verify restore" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and not __fish_seen_subcommand_from save status verify restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and not __fish_seen_subcommand_from save status verify restore" -f -a "save" -d 'Take a snapshot of a data directory'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and not __fish_seen_subcommand_from save status verify restore" -f -a "status" -d 'Show what a snapshot holds'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and not __fish_seen_subcommand_from save status verify restore" -f -a "verify" -d 'Find out whether a snapshot can be relied on'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and not __fish_seen_subcommand_from save status verify restore" -f -a "restore" -d 'Make a data directory of a snapshot'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l zstd -d 'Compress the file as zstd does'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from status" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from status" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from status" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from status" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l wal-dir -d 'Directory for the log; kvd has it inside the data directory, so it is only checked that there is none' -r -f -a "(__fish_complete_directories)"
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l name -d 'Name of the member' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l initial-cluster -d 'Members of the new cluster, as NAME=URL; this release runs one [default: this member]' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l initial-cluster-token -d 'Name of the new cluster, from which ids are computed' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l initial-advertise-peer-urls -d 'Where other members would reach this one' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l initial-memory-map-size -d 'Ignored: the store file grows as it needs to' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l bump-revision -d 'How far to move revisions forward [default: 1000000000]' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l skip-hash-check -d 'Accept a snapshot whose digest is missing or wrong'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l mark-compacted -d 'Mark what is before as compacted; given with --bump-revision as in etcdutl, and the default here'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l keep-revision -d 'Leave revisions as they are in the snapshot'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand snapshot; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand status" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand status" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand status" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand status" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvutl -n "__fish_kvutl_using_subcommand version" -l data-dir -d 'Data directory to work on [default: default.kvd]' -r -F
complete -c kvutl -n "__fish_kvutl_using_subcommand version" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand version" -l timeout -d 'How long to wait while another process uses the directory; 0 to wait without limit' -r
complete -c kvutl -n "__fish_kvutl_using_subcommand version" -l hex -d 'Print keys and values as hexadecimal escapes'
complete -c kvutl -n "__fish_kvutl_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
