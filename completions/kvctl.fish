# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kvctl_global_optspecs
    string join \n endpoints= context= hex debug yes dial-timeout= command-timeout= keepalive-time= keepalive-timeout= max-request-bytes= max-recv-bytes= insecure-transport= insecure-skip-tls-verify insecure-discovery= cert= key= cacert= user= password= auth-jwt-token= d/discovery-srv= discovery-srv-name= w/write-out= h/help V/version
end

function __fish_kvctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kvctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kvctl_using_subcommand
    set -l cmd (__fish_kvctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kvctl -n "__fish_kvctl_needs_command" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_needs_command" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_needs_command" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_needs_command" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_needs_command" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_needs_command" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_needs_command" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_needs_command" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_needs_command" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_needs_command" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_needs_command" -s V -l version -d 'Print version'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "put" -d 'Write a key'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "del" -d 'Delete a key or a range of keys'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "edit" -d 'Change a value in an editor'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "txn" -d 'Run several operations as one, under conditions'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "watch" -d 'Watch keys change'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "wait" -d 'Wait until a key is there, is gone, or has a value'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "lease" -d 'Grant, renew, see and end leases'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "export" -d 'Print keys and values as lines of JSON'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "import" -d 'Write keys and values from lines of JSON'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "lock" -d 'Hold a lock'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "elect" -d 'Stand for an election, or watch who is elected'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "compaction" -d 'Drop the history before a revision'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "endpoint" -d 'Look at each server by itself: health, status, hash'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "move-leader" -d 'Let another member lead'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "alarm" -d 'See and clear what stops a cluster from writing'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "defrag" -d 'Give the servers\' free space back to their file systems'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "snapshot" -d 'Take a copy of a server\'s store'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "make-mirror" -d 'Copy keys to another cluster, and every change from then on'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "downgrade" -d 'Prepare a cluster for an older release'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "auth" -d 'Turn authentication on or off'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "user" -d 'Manage users'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "role" -d 'Manage roles and what they allow'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "sandbox" -d 'Run a command with a server of its own'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "doctor" -d 'Find out what is wrong with servers, or soon will be'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "context" -d 'Name ways to connect'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "options" -d 'List the options that every command has'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "version" -d 'Print the version of this tool and of the API it speaks'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "get" -d 'Read a key or a range of keys'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "member" -d 'See and change the members of a cluster'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "check" -d 'Find out what a cluster can carry'
complete -c kvctl -n "__fish_kvctl_needs_command" -f -a "completion" -d 'Print the completion script for a shell: bash, zsh, fish or powershell'
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l lease -d 'Lease to attach to the key, in hexadecimal; the key is deleted when the lease ends' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l from-file -d 'Write the content of this file, byte for byte; `-` is standard input' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l ttl -d 'Delete the key after this time, in whole seconds; a lease is granted for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l if-rev -d 'Write only if the key was last changed at this revision; 0 if it is not there' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l if-value -d 'Write only if the key has this value' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l prev-kv -d 'Print the key and value as they were before'
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l ignore-value -d 'Keep the key\'s value and change only its lease'
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l ignore-lease -d 'Keep the key\'s lease'
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l if-absent -d 'Write only if the key is not there'
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand put" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l expect -d 'Delete only if there are exactly so many keys; fewer may be deleted if some go meanwhile, which is an error too' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l prefix -d 'Delete the keys that begin with KEY; with an empty KEY, all keys'
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l from-key -d 'Delete the keys from KEY on, in byte order; with an empty KEY, all keys'
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l range -d 'Delete a range without the pause'
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l prev-kv -d 'Print the deleted keys and values'
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand del" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -s i -l interactive -d 'Say what is expected before each part'
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand txn" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l rev -d 'First revision to show changes of; 0 for the next one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l prefix -d 'Watch the keys that begin with KEY; with an empty KEY, all keys'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l prev-kv -d 'Print what the key was before each change'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l progress-notify -d 'Let the server say now and then up to which revision all changes have been seen'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l keep-going -d 'Go on with the next change when COMMAND fails'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -s i -l interactive -d 'Read what to watch from standard input'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l equals -d 'Until the key has this value' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l timeout -d 'Longest time to wait [default: for ever]' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l exists -d 'Until the key is there'
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l absent -d 'Until the key is not there'
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -f -a "grant" -d 'Grant a lease'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -f -a "keep-alive" -d 'Renew a lease until it ends'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -f -a "list" -d 'List the leases, those first that end first'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -f -a "revoke" -d 'End a lease and delete its keys'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and not __fish_seen_subcommand_from grant keep-alive list revoke timetolive" -f -a "timetolive" -d 'Say how much time a lease has left'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from grant" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l once -d 'Renew the lease once and end'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from keep-alive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l keys -d 'Name the keys that are attached to it'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand lease; and __fish_seen_subcommand_from timetolive" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l rev -d 'Revision to read at [default: the newest]' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l max-txn-ops -d 'Greatest number of keys in one transaction' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l dry-run -d 'Print what would be written instead of writing it'
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l if-absent -d 'Refuse keys that are there with another value'
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l if-unchanged -d 'Refuse keys whose revision is not the `mod_revision` of their line'
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l ttl -d 'Seconds after which the lock is free when this process has died' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand lock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -s l -l listen -d 'Print every leader and what it says, without standing for election'
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand elect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l physical -d 'Wait until the old revisions are gone from the disk'
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand compaction" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l cluster -d 'Take the endpoints from the cluster\'s list of members'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -s h -l help -d 'Print help'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -f -a "health" -d 'Check whether each server can serve'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -f -a "status" -d 'Print size, version and position of each server'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and not __fish_seen_subcommand_from health status hashkv" -f -a "hashkv" -d 'Print a digest of each server\'s history'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l cluster -d 'Take the endpoints from the cluster\'s list of members'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l cluster -d 'Take the endpoints from the cluster\'s list of members'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l rev -d 'Newest revision to include [default: the newest there is]' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l cluster -d 'Take the endpoints from the cluster\'s list of members'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand endpoint; and __fish_seen_subcommand_from hashkv" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand move-leader" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -f -a "list" -d 'List the alarms that are raised'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and not __fish_seen_subcommand_from list disarm" -f -a "disarm" -d 'End every alarm'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand alarm; and __fish_seen_subcommand_from disarm" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l cluster -d 'Take the endpoints from the cluster\'s list of members'
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand defrag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -s h -l help -d 'Print help'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and not __fish_seen_subcommand_from save" -f -a "save" -d 'Store a server\'s snapshot in a file'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l zstd -d 'Compress the file as zstd does; kvutl reads it as it is, etcdutl after `zstd -d`'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand snapshot; and __fish_seen_subcommand_from save" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l prefix -d 'Copy the keys that begin with this [default: all keys]' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l rev -d 'First revision to copy changes of, without copying the keys as they are; 0 to copy those' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l max-txn-ops -d 'Greatest number of operations in a transaction; the destination\'s --max-txn-ops limits it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l dest-prefix -d 'What the keys begin with at the destination, instead of what --prefix says' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l dest-cert -d 'Certificate to show to the destination' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l dest-key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l dest-cacert -d 'Certificates of the authorities to trust at the destination, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l dest-insecure-transport -d 'Do without TLS where the destination does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l dest-user -d 'User at the destination; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l dest-password -d 'Password of that user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l no-dest-prefix -d 'Leave out the prefix at the destination'
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand make-mirror" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -f -a "cancel" -d 'Give up a downgrade that was begun'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -f -a "enable" -d 'Begin a downgrade'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and not __fish_seen_subcommand_from cancel enable validate" -f -a "validate" -d 'Say whether a downgrade could begin'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand downgrade; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -s h -l help -d 'Print help'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -f -a "enable" -d 'Turn authentication on'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -f -a "disable" -d 'Turn authentication off'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and not __fish_seen_subcommand_from enable disable status" -f -a "status" -d 'Show whether authentication is on'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand auth; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -s h -l help -d 'Print help'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -f -a "add" -d 'Make a user'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -f -a "delete" -d 'Remove a user'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -f -a "get" -d 'Show the roles of a user'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -f -a "list" -d 'List the names of all users'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -f -a "passwd" -d 'Give a user another password'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -f -a "grant-role" -d 'Give a user a role'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and not __fish_seen_subcommand_from add delete get list passwd grant-role revoke-role" -f -a "revoke-role" -d 'Take a role from a user'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l interactive -d 'Ask for the password twice; with `false`, read one word from standard input' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l new-user-password -d 'The password; everybody can see it who sees the command line' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l no-password -d 'Make a user without a password, who is known by a client certificate'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l detail -d 'Show also what each of the roles allows'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l interactive -d 'Ask for the password twice; with `false`, read one word from standard input' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from passwd" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from grant-role" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand user; and __fish_seen_subcommand_from revoke-role" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -s h -l help -d 'Print help'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -f -a "add" -d 'Make a role'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -f -a "delete" -d 'Remove a role'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -f -a "get" -d 'Show what a role allows'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -f -a "list" -d 'List the names of all roles'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -f -a "grant-permission" -d 'Let a role read or write keys'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and not __fish_seen_subcommand_from add delete get list grant-permission revoke-permission" -f -a "revoke-permission" -d 'Take a permission from a role'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l prefix -d 'All keys that begin with KEY'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l from-key -d 'All keys from KEY on'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from grant-permission" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l prefix -d 'All keys that begin with KEY'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l from-key -d 'All keys from KEY on'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand role; and __fish_seen_subcommand_from revoke-permission" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l from-snapshot -d 'Begin with the keys and revisions of this snapshot' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l bundle -d 'Also write what was found, the status of every server and its metrics into this file, as JSON. There are no keys, values or secrets in it' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l junit -d 'Print a report in XML as `JUnit` writes it'
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -f -a "add" -d 'Name a way to connect'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -f -a "use" -d 'Put a context in use'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -f -a "list" -d 'List all contexts'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -f -a "show" -d 'Show what a context says'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and not __fish_seen_subcommand_from add use list show remove" -f -a "remove" -d 'Forget a context'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l password-command -d 'Command that prints the user\'s password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l password-env -d 'Variable that has the user\'s password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l token-command -d 'Command that prints a token to authenticate with' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l token-env -d 'Variable that has a token to authenticate with' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l protected -d 'Ask before every command that changes something'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l replace -d 'Replace a context of this name'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l none -d 'Put none in use'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand context; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand options" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l rev -d 'Revision to read at [default: the newest]' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l limit -d 'Greatest number of keys to return; 0 for all' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l min-create-rev -d 'Leave out keys created before this revision' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l max-create-rev -d 'Leave out keys created after this revision' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l min-mod-rev -d 'Leave out keys last changed before this revision' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l max-mod-rev -d 'Leave out keys last changed after this revision' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l or -d 'Print only the value, and this one where the key is not there' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l order -d 'Order of the results: ASCEND or DESCEND [default: ASCEND]' -r -f -a "ASCEND\t''
DESCEND\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l sort-by -d 'What results are sorted by: CREATE, KEY, MODIFY, VALUE or VERSION [default: KEY]' -r -f -a "CREATE\t''
KEY\t''
MODIFY\t''
VALUE\t''
VERSION\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l consistency -d '`l` to read the newest state of the cluster, `s` for what the member that answers knows' -r -f -a "l\t''
s\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l prefix -d 'Read the keys that begin with KEY; with an empty KEY, all keys'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l from-key -d 'Read the keys from KEY on, in byte order; with an empty KEY, all keys'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l keys-only -d 'Return keys without their values'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l count-only -d 'Return only the number of keys; needs `--write-out=fields`, `jsonl` or `table`'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l print-value-only -d 'Print values without their keys; needs `--write-out=simple`'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l stream -d 'Let the server send the answer in pieces instead of asking for pages; needs etcd 3.7 or kvd'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l exists -d 'Print nothing; the exit status is 0 if there is a key, and 10 if there is none'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -s h -l help -d 'Print help'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -f -a "add" -d 'Add a member to the cluster'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -f -a "promote" -d 'Give a learner a vote'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -f -a "remove" -d 'Remove a member from the cluster'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -f -a "update" -d 'Change where a member listens for others'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and not __fish_seen_subcommand_from add promote remove update list" -f -a "list" -d 'List the members and where they listen'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l peer-urls -d 'Where it listens for other members, separated by commas' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l learner -d 'Let it receive everything without a vote'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l peer-urls -d 'Where it listens for other members, separated by commas' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l consistency -d '`l` to ask the cluster, `s` for what the member that answers knows' -r -f -a "l\t''
s\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand member; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -f -a "perf" -d 'Check whether a cluster keeps up with a load'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and not __fish_seen_subcommand_from perf datascale" -f -a "datascale" -d 'Check how much memory a server needs for keys'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l prefix -d 'What the keys that are written begin with; there must be none yet' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l duration -d 'How long the check writes' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l load -d 'How much is written: s, m, l or xl' -r -f -a "s\t''
m\t''
l\t''
xl\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l auto-compact -d 'Drop all history at the end'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l auto-defrag -d 'Defragment the servers at the end'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from perf" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l prefix -d 'What the keys that are written begin with; there must be none yet' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l load -d 'How much is written: s, m, l or xl' -r -f -a "s\t''
m\t''
l\t''
xl\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l auto-compact -d 'Drop all history at the end'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l auto-defrag -d 'Defragment the servers at the end'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand check; and __fish_seen_subcommand_from datascale" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l endpoints -d 'Servers to talk to, separated by commas; the next one is tried when one fails' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l context -d 'Named way to connect, see `kvctl context`' -r -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l dial-timeout -d 'Longest time for making a connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l command-timeout -d 'Longest time for a short command, without making the connection' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l keepalive-time -d 'How long a busy connection may be silent before it is probed; less than 10s means 10s' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l keepalive-timeout -d 'How long the answer to a probe may take before the connection is given up' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l max-request-bytes -d 'Greatest size of a request in bytes; 0 for 2 MiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l max-recv-bytes -d 'Greatest size of an answer in bytes; 0 for 2 GiB' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l insecure-transport -d 'Do without TLS where the endpoint does not ask for it' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l insecure-discovery -d 'Accept endpoints without TLS from `--discovery-srv`' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l cert -d 'Certificate that the client shows to the server' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l key -d 'Private key of that certificate' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l cacert -d 'Certificates of the authorities to trust, instead of the system\'s' -r -F
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l user -d 'User to authenticate as; the password is asked for if it is not given' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l password -d 'Password of the user, who is then given without one' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l auth-jwt-token -d 'Token to authenticate with, instead of a user and a password' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -s d -l discovery-srv -d 'Domain whose SRV records say where the servers are' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l discovery-srv-name -d 'Suffix of the service\'s name in those records' -r
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -s w -l write-out -d 'Output format: fields, json, jsonl, protobuf, simple or table' -r -f -a "fields\t''
json\t''
jsonl\t''
protobuf\t''
simple\t''
table\t''"
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l hex -d 'Print byte strings and ids in hexadecimal'
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l debug -d 'Say on standard error which options are in force and what the client does'
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l yes -d 'Answer every question with yes'
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -l insecure-skip-tls-verify -d 'Accept any certificate of the server; for testing only'
complete -c kvctl -n "__fish_kvctl_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'

# Names that only the server knows.
complete -c kvctl -n "not string match -q -- '-*' (commandline -ct)" -f -a "(kvctl __complete (commandline -cp | string collect) 2>/dev/null)"
