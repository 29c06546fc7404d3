# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion of veil: commands, their verbs and options, file names.
_veil()
{
    local word=${COMP_WORDS[COMP_CWORD]} words
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=$("${COMP_WORDS[0]}" --words 2>/dev/null)
    elif [[ $word == -* ]]; then
        words=$("${COMP_WORDS[0]}" --words "${COMP_WORDS[1]}" 2>/dev/null)
    elif [ "$COMP_CWORD" -eq 2 ] && words=$("${COMP_WORDS[0]}" --words "${COMP_WORDS[1]}" 2>/dev/null | grep -v '^-'); then
        mapfile -t COMPREPLY < <(compgen -f -W "$words" -- "$word")
        return
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _veil veil veil-keys
