# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion of dbrctl for fish. Words and options are read from the command's own help, so that they
# are those of the version that is installed.

function __dbrctl_words
    dbrctl --help 2>/dev/null | string replace --filter --regex '^  ([a-z]+)  +(.*)' '$1\t$2'
end

function __dbrctl_word
    set -l typed (commandline -opc)
    test (count $typed) -ge 2; and echo $typed[2]
end

function __dbrctl_options
    dbrctl (__dbrctl_word) --help 2>/dev/null |
        string replace --filter --regex '^  (?:-[a-z], )?(--[a-z-]+=?)\S* +(.*)' '$1\t$2'
end

# The options before the cursor that say which bus is meant.
function __dbrctl_bus
    string match --regex -- '^--(?:session|system|user)$' (commandline -opc)
end

function __dbrctl_names
    dbrctl call (__dbrctl_bus) --timeout-ms 1000 org.freedesktop.DBus /org/freedesktop/DBus \
        org.freedesktop.DBus ListNames 2>/dev/null | head -n 1 |
        string match --all --regex '[A-Za-z_-][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+'
end

function __dbrctl_arguments
    set -l typed (commandline -opc)
    switch "$typed[2]"
        case units
            if test (count $typed) -eq 2
                string split ' ' 'list status why deps failed jobs boot blame watch start stop restart reload enable disable daemon-reload'
            else
                dbrctl units list (__dbrctl_bus) --timeout-ms 1000 2>/dev/null | string replace --filter --regex '^(\S+\.\S+) .*' '$1'
            end
        case bluez
            if test (count $typed) -eq 2
                string split ' ' 'list watch connect disconnect power'
            else if test (count $typed) -eq 3; and test "$typed[3]" = power
                string split ' ' 'on off cycle'
            else if test (count $typed) -eq 3
                dbrctl bluez list 2>/dev/null | string match --regex '^[0-9A-F]{2}(?::[0-9A-F]{2}){5}'
            end
        case doctor monitor top call recover stress metrics
            __dbrctl_names
    end
end

complete -c dbrctl -f
complete -c dbrctl -n 'test (count (commandline -opc)) -eq 1' -a '(__dbrctl_words)'
complete -c dbrctl -n 'test (count (commandline -opc)) -ge 2; and string match -q -- "-*" (commandline -ct)' -a '(__dbrctl_options)'
complete -c dbrctl -n 'test (count (commandline -opc)) -ge 2; and not string match -q -- "-*" (commandline -ct)' -a '(__dbrctl_arguments)'
