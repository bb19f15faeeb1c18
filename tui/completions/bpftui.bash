# Completion of bpftui for bash: source it, or put it into /usr/share/bash-completion/completions/bpftui
_bpftui() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local commands="show disasm run watch check log demo doctor" options="--color --runtime --token --drop --no-drop --set --preset --type --help"
    case ${COMP_WORDS[1]} in
        show) options+=" --json --core --externs --btf --header --layout --graph --blocks --program --format" ;;
        disasm) options+=" --syntax --no-source --arrows --no-arrows --output --format --xlated --jited --dead --heat --raw"
            options+=" --section --endian --btf --source" ;;
        run) options+=" --btf --data --ctx --repeat --pcap --write --json --pin-path --return --memory" ;;
        watch) options+=" --btf --attach --map --interval --duration --per-cpu --limit --bytes --json --pin-path --strict --return --memory" ;;
        check) options+=" --btf --json --table --csv --compare --log-level --sort --only --source" ;;
        doctor) options+=" --btf --json --helpers" ;;
        log) options+=" --json --object --program --path --hot --source" ;;
        demo) options+=" --interval --duration --rate --traffic --plain --json" ;;
        *) options+=" --source --attach --return --memory --version" ;;
    esac
    case $previous in
        --color) COMPREPLY=($(compgen -W "auto always never" -- "$current")); return ;;
        --runtime) COMPREPLY=($(compgen -W "auto kernel vm" -- "$current")); return ;;
        --endian) COMPREPLY=($(compgen -W "little big" -- "$current")); return ;;
        --syntax) COMPREPLY=($(compgen -W "kernel llvm capstone" -- "$current")); return ;;
    esac
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
    elif [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "$commands" -- "$current") $(compgen -f -- "$current"))
    else
        COMPREPLY=($(compgen -f -- "$current"))
    fi
}
complete -o filenames -F _bpftui bpftui
