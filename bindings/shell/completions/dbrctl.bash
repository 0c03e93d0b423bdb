# Copyright 2026 The libdbr authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Completion of dbrctl for bash. Words and options are read from the command's own help, so that they
# are those of the version that is installed.

_dbrctl_words () {
  dbrctl --help 2> /dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p'
}

_dbrctl_options () {
  dbrctl "$1" --help 2> /dev/null | sed -n 's/^  \(-[a-z], \)\{0,1\}\(--[a-z-]*=\{0,1\}\).*/\2/p'
}

# The options before the cursor that say which bus is meant.
_dbrctl_bus () {
  local i
  for ((i = 2; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --session | --system | --user) printf '%s\n' "${COMP_WORDS[i]}" ;;
    esac
  done
}

_dbrctl_names () {
  local bus
  mapfile -t bus < <(_dbrctl_bus)
  dbrctl call "${bus[@]}" --timeout-ms 1000 org.freedesktop.DBus /org/freedesktop/DBus \
    org.freedesktop.DBus ListNames 2> /dev/null | head -n 1 |
    grep -oE '[A-Za-z_-][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+'
}

_dbrctl_units () {
  local bus
  mapfile -t bus < <(_dbrctl_bus)
  dbrctl units list "${bus[@]}" --timeout-ms 1000 2> /dev/null | sed -n '2,$s/ .*//p'
}

# What may follow the word, where it is no option.
_dbrctl_arguments () {
  case $1 in
    units)
      if [[ $COMP_CWORD -eq 2 ]]; then
        echo list status why deps failed jobs boot blame watch \
          start stop restart reload enable disable daemon-reload
      else
        _dbrctl_units
      fi
      ;;
    bluez)
      case $COMP_CWORD,${COMP_WORDS[2]} in
        2,*) echo list watch connect disconnect power ;;
        3,power) echo on off cycle ;;
        3,connect | 3,disconnect)
          dbrctl bluez list 2> /dev/null | grep -oE '^[0-9A-F]{2}(:[0-9A-F]{2}){5}'
          ;;
      esac
      ;;
    doctor | monitor | top | call | recover | stress | metrics) _dbrctl_names ;;
  esac
}

_dbrctl () {
  local word=${COMP_WORDS[1]} now=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  if [[ $COMP_CWORD -eq 1 ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_dbrctl_words) help --help --version" -- "$now")
  elif [[ $now == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_dbrctl_options "$word")" -- "$now")
    [[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2> /dev/null
  else
    mapfile -t COMPREPLY < <(compgen -W "$(_dbrctl_arguments "$word")" -- "$now")
  fi
}

complete -F _dbrctl dbrctl
