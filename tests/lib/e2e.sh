# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Helpers of the end-to-end tests: TAP on standard output, all files in a
# temporary folder that is the working directory and goes at the end.
#
#   VEIL             program under test, default build/veil
#   VEIL_TEST_MEDIA  folder of real footage; tests that need it skip without
#   VEIL_MODELS      folder of models; tests that need one skip without

VEIL=$(realpath "${VEIL:-build/veil}")
TMP=$(mktemp -d "${TMPDIR:-/tmp}/veil-e2e.XXXXXX") || exit 2
trap 'rm -rf "$TMP"' EXIT
trap 'exit 2' INT TERM
cd "$TMP" || exit 2
unset VEIL_CONFIG
export LC_ALL=C

N_TESTS=0

# ---- TAP ---------------------------------------------------------------------

# ok TEXT COMMAND...: the command succeeds.
ok() {
    local text=$1
    shift
    N_TESTS=$((N_TESTS + 1))
    if "$@" > ok.log 2>&1; then
        echo "ok $N_TESTS - $text"
    else
        echo "not ok $N_TESTS - $text"
        echo "# failed: $*" | head -c 600
        echo
        tail -n 20 ok.log | sed 's/^/#   /'
    fi
}

# not COMMAND...: for ok.
not() {
    ! "$@"
}

# is TEXT GOT WANTED
is() {
    N_TESTS=$((N_TESTS + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $N_TESTS - $1"
    else
        echo "not ok $N_TESTS - $1"
        printf '%s\n' "got:    $2" "wanted: $3" | head -n 30 | sed 's/^/#   /'
    fi
}

# skip TEXT REASON
skip() {
    N_TESTS=$((N_TESTS + 1))
    echo "ok $N_TESTS - $1 # SKIP $2"
}

skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}

done_testing() {
    echo "1..$N_TESTS"
}

# ---- the program ---------------------------------------------------------------

# veil ARGS...: run it; leaves out.txt and err.txt; returns its exit code.
veil() {
    "$VEIL" "$@" > out.txt 2> err.txt < /dev/null
}

# bare IN OUT [ARGS...]: redact without looking for faces, fast and nearly lossless.
bare() {
    local in=$1 out=$2
    shift 2
    veil redact "$in" -o "$out" --chain null --allow-bare --preset veryfast --crf 6 "$@"
}

# runs TEXT COMMAND...: like ok, and shows what the program said if it fails.
runs() {
    local text=$1
    shift
    N_TESTS=$((N_TESTS + 1))
    if "$@"; then
        echo "ok $N_TESTS - $text"
    else
        echo "not ok $N_TESTS - $text (exit $?)"
        echo "# failed: $*"
        tail -n 20 err.txt | sed 's/^/#   /'
    fi
}

# exits CODE COMMAND...: for ok; 134 and more (a crash) never equal 2.
exits() {
    local want=$1 got=0
    shift
    "$@" || got=$?
    [ "$got" = "$want" ] || { echo "exit code $got, wanted $want"; cat err.txt; return 1; }
}

# one_sentence PATTERN: err.txt holds one error, it matches (extended regular
# expression), and it tells what to do after a semicolon, or that nothing was kept.
one_sentence() {
    local n
    n=$(grep -c '^veil: error: ' err.txt)
    cat err.txt
    [ "$n" = 1 ] || { echo "$n errors, wanted 1"; return 1; }
    grep '^veil: error: ' err.txt | grep -Eq -- "$1" || { echo "does not match: $1"; return 1; }
    grep '^veil: error: ' err.txt | grep -q ';' || { echo "does not say what to do"; return 1; }
    ! grep '^veil: error: ' err.txt | grep -Eq '\.$' || { echo "ends in a full stop"; return 1; }
}

# nothing_left OUT: no file of that name, no part, no report.
nothing_left() {
    local f
    for f in "$1" "$1.part" "$1.report.json" "$1.report.json.part"; do
        if [ -e "$f" ]; then
            echo "left behind: $f"
            return 1
        fi
    done
}

# refused TEXT PATTERN OUT ARGS...: `veil redact ARGS... -o OUT` exits with 2
# and one sentence, and leaves nothing.
refused() {
    local text=$1 pattern=$2 out=$3
    shift 3
    ok "$text: exit 2" exits 2 veil redact "$@" -o "$out"
    ok "$text: one sentence" one_sentence "$pattern"
    ok "$text: nothing left" nothing_left "$out"
}

# ---- clips ---------------------------------------------------------------------

# ff ARGS...: ffmpeg without talk, one thread, the same bytes each time.
ff() {
    ffmpeg -nostdin -v error -y "$@" || { echo "# ffmpeg cannot make: $*"; return 1; }
}

# have_encoder NAME
have_encoder() {
    ffmpeg -v quiet -encoders | grep -q " $1 "
}

# clip OUT [OUTPUT-ARGS...]: a moving picture of 160x128 for 1 s with a tone.
clip() {
    local out=$1
    shift
    ff -f lavfi -i "${SOURCE:-testsrc2}=s=${SIZE:-160x128}:r=${RATE:-25}:d=${SECONDS_LONG:-1}" \
        -f lavfi -i "sine=f=440:r=48000:d=${SECONDS_LONG:-1}" -map 0:v -map 1:a "$@" -bitexact "$out"
}

# silent OUT [OUTPUT-ARGS...]: the same without sound.
silent() {
    local out=$1
    shift
    ff -f lavfi -i "${SOURCE:-testsrc2}=s=${SIZE:-160x128}:r=${RATE:-25}:d=${SECONDS_LONG:-1}" "$@" -bitexact "$out"
}

# ---- facts ---------------------------------------------------------------------

# times FILE: presentation times of all video frames.
times() {
    ffprobe -v quiet -select_streams v:0 -show_entries frame=best_effort_timestamp_time -of csv=p=0 "$1" |
        sed 's/,*$//' | grep -v '^$'
}

# fact FILE ENTRY: one value of the first video stream.
fact() {
    ffprobe -v quiet -select_streams v:0 -show_entries "stream=$2" -of default=nw=1:nk=1 "$1" | head -n 1
}

# format_fact FILE ENTRY
format_fact() {
    ffprobe -v quiet -show_entries "format=$2" -of default=nw=1:nk=1 "$1" | head -n 1
}

# rotation FILE: degrees as in the display matrix, empty without one.
rotation() {
    ffprobe -v quiet -select_streams v:0 -show_entries stream_side_data=rotation -of default=nw=1:nk=1 "$1"
}

# frame_fact FILE ENTRY: the different values over all video frames.
frame_fact() {
    ffprobe -v quiet -select_streams v:0 -show_entries "frame=$2" -of default=nw=1:nk=1 "$1" | sort -u | tr '\n' ' '
}

# audio_md5 FILE [STREAM]: of its packets as they are; AAC without the ADTS
# headers that only TS has.
audio_md5() {
    local bsf=null
    [ "$(fact_audio "$1" | sort -u)" = aac ] && bsf=aac_adtstoasc
    ffmpeg -nostdin -v error -i "$1" -map "0:${2:-a}" -c copy -bsf:a "$bsf" -f md5 -
}

# audio_times FILE
audio_times() {
    ffprobe -v quiet -select_streams "${2:-a}" -show_entries packet=pts_time -of csv=p=0 "$1" | sed 's/,*$//' | grep -v '^$'
}

# near TOLERANCE FILE-A FILE-B: two lists of numbers, as long as each other and equal but for so much.
near() {
    [ -s "$2" ] || { echo "the first list is empty"; return 1; }
    [ "$(wc -l < "$2")" = "$(wc -l < "$3")" ] || {
        echo "$(wc -l < "$2") against $(wc -l < "$3") values"
        diff "$2" "$3" | head -n 8
        return 1
    }
    paste "$2" "$3" | awk -v tolerance="$1" '
        ($1 "" != $2 "") && ($1 !~ /^-?[0-9.]+$/ || $2 !~ /^-?[0-9.]+$/) { print "line " NR ": " $0; bad = 1 }
        { d = $1 - $2; if (d < 0) d = -d; if (d > tolerance + 1e-7) { print "line " NR ": " $0; bad = 1 } }
        END { exit bad }' | { ! grep . ; }
}

# near_number TOLERANCE A B
near_number() {
    echo "$2 against $3"
    awk -v t="$1" -v a="$2" -v b="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "" && b != "" && d <= t + 1e-7) }'
}

# How far times may be off in this file: Matroska counts milliseconds.
rounding_of() {
    case $1 in
    *.mkv | *.webm) echo 0.001 ;;
    *) echo 0 ;;
    esac
}

same_times() {
    times "$1" > times.a
    times "$2" > times.b
    near "${3:-$(rounding_of "$2")}" times.a times.b
}

same_audio() {
    [ "$(audio_md5 "$1")" = "$(audio_md5 "$2")" ] || { echo "packets differ"; return 1; }
    audio_times "$1" > times.a
    audio_times "$2" > times.b
    # MP4 counts the time of sound in samples, TS in 1/90000 s.
    near "${3:-$(rounding_of "$2" | sed 's/^0$/0.00003/')}" times.a times.b
}

same_facts() {
    local entry bad=0
    for entry in "${@:3}"; do
        [ "$(fact "$1" "$entry")" = "$(fact "$2" "$entry")" ] && continue
        echo "$entry: $(fact "$1" "$entry") became $(fact "$2" "$entry")"
        bad=1
    done
    return $bad
}

# psnr A B [FILTER] [FORMAT]: lowest frame's PSNR in dB, after the filter on
# both, frame by frame whatever their times.
psnr() {
    local filter=${3:-null} format=${4:-yuv420p}
    rm -f psnr.log
    ffmpeg -nostdin -v error -i "$1" -i "$2" -lavfi "
        [0:v:0]settb=1/1000,setpts=N,format=$format,${filter}[a];
        [1:v:0]settb=1/1000,setpts=N,format=$format,${filter}[b];
        [a][b]psnr=stats_file=psnr.log" -vsync passthrough -f null - || return 1
    sed -n 's/.*psnr_avg:\([^ ]*\).*/\1/p' psnr.log | sed 's/inf/99/' | sort -n | head -n 1
}

# alike A B LEAST [FILTER] [FORMAT]: every frame has at least that PSNR.
alike() {
    local got
    got=$(psnr "$1" "$2" "${4:-null}" "${5:-yuv420p}") || return 1
    echo "lowest PSNR $got dB, wanted $3"
    awk -v got="$got" -v least="$3" 'BEGIN { exit !(got != "" && got + 0 >= least) }'
}

# span FILE CROP: lowest and highest 8-bit value of red, green and blue in that part of all frames.
span() {
    ffmpeg -nostdin -v error -noautorotate -i "$1" -map 0:v:0 -vf "crop=$2:exact=1,format=rgb24" -vsync passthrough \
        -f rawvideo - | perl -0777 -ne 'my ($a, $b) = (255, 0);
            for (unpack "C*", $_) { $a = $_ if $_ < $a; $b = $_ if $_ > $b } print "$a $b"'
}

# is_flat FILE CROP [MOST]: that part is black to within codec noise.
is_flat() {
    local low high
    read -r low high <<< "$(span "$1" "$2")"
    echo "values from ${low:-?} to ${high:-?}"
    [ -n "${high:-}" ] && [ "$low" -le "$high" ] && [ "$high" -le "${3:-24}" ]
}

# film_end FILE: when its last picture and its last sound end. Containers that
# keep no durations of packets (Matroska, FLV) leave it to the frame rate.
film_end() {
    ffprobe -v quiet -show_entries packet=codec_type,pts_time,duration_time -of compact=p=0 "$1" |
        awk -F '[=|]' '/^codec_type=(video|audio)/ && $4 + 0 == $4 { e = $4 + $6; if (e > end) end = e } END { print end }'
}

# same_film SOURCE OUTPUT [PSNR] [FORMAT]: count, times, duration, sound and
# picture are those of the source.
same_film() {
    local name=$2 slack
    case $1:$2 in
    *.mp4:*.mp4 | *.mp4:*.mov | *.mov:*.mp4 | *.mov:*.mov) slack=0.0011 ;;
    *) slack=0.027 ;; # one audio packet: what does not hold their durations guesses the last one's
    esac
    ok "$name: frame times" same_times "$1" "$2"
    ok "$name: ends with the source" near_number "$slack" "$(film_end "$1")" "$(film_end "$2")"
    ok "$name: container's duration" near_number "$slack" "$(film_end "$2")" "$(format_fact "$2" duration)"
    if [ -n "$(fact_audio "$1")" ]; then
        ok "$name: audio packets and their times" same_audio "$1" "$2"
    fi
    ok "$name: picture" alike "$1" "$2" "${3:-36}" null "${4:-yuv420p}"
}

fact_audio() {
    ffprobe -v quiet -select_streams a -show_entries stream=codec_name -of default=nw=1:nk=1 "$1"
}

# same_bytes A B
same_bytes() {
    cmp "$1" "$2"
}
