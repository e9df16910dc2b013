# fish completion for ctool, made by `ctool completion fish`

function __ctool_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l current $words[-1]
    set -l out ($words[1] __complete (math (count $words) - 2) $words[2..-1] 2>/dev/null)
    set -q out[1]; or return
    set -l directive $out[-1]
    set -e out[-1]
    set -q out[1]; and string join \n -- $out
    set -l typed (string match -r -- '^--[^=]*=' $current)
    set -l path (string replace -r -- '^--[^=]*=' '' $current)
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
