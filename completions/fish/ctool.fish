# fish completion for ctool, made by `ctool completion fish`

function __ctool_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l current $words[-1]
    set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
    set -l out ($program __complete (math (count $words) - 2) $words[2..-1] 2>/dev/null)
    set -q out[1]; or return
    set -l directive $out[-1]
    set -e out[-1]
    set -q out[1]; and string join \n -- $out
    set -l front 0
    if set -l found (string match -r '=([0-9]+)' -- $directive)
        set front $found[2]
    end
    set -l typed (string sub -l $front -- $current)
    set -l path (string sub -s (math $front + 1) -- $current)
    if string match -q -- '*files*' $directive
        for name in (__fish_complete_path $path)
            echo -- "$typed$name"
        end
    else if string match -q -- '*dirs*' $directive
        for name in (__fish_complete_directories $path '')
            echo -- "$typed$name"
        end
    end
end

complete -c ctool -e
complete -c ctool -f -a '(__ctool_complete)'
